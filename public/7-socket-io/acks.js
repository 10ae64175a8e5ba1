// Acks: an event that gets an answer. Broadcast: to all the others. Bytes: among the arguments, as they are.
import { addLine, byId } from "/shared/panel.js";
import { current, noteOffset, onSocket } from "./connection.js";
import { hex } from "./describe-packet.js";

const say = (words, kind) => addLine(byId("ask-log"), words, kind);

onSocket((socket) => {
  socket.on("broadcast", (...args) => {
    say(`broadcast: ${args[0]}`, "down");
    noteOffset(args, 1);
  });
});

function ask(event) {
  const text = byId("ask-text").value;
  const askedAt = performance.now();
  const answered = (answer) => say(`ack: ${answer}  (${(performance.now() - askedAt).toFixed(0)} ms)`, "down");
  if (byId("ask-timeout").checked) {
    say(`emit "${event}", give up after 2 s`, "up");
    // ANCHOR: ask
    // With a timeout the function gets the error first.
    current().timeout(2000).emit(event, text, (error, answer) => {
      if (error) say(`"${event}": ${error.message}`, "lost");
      else answered(answer);
    });
    // ANCHOR_END: ask
  } else {
    say(`emit "${event}"`, "up");
    current().emit(event, text, answered);
  }
}

function broadcast() {
  current().emit("broadcast", byId("ask-text").value);
  say(`emit "broadcast": ${byId("ask-text").value}`, "up");
}

function askBytes() {
  const bytes = new Uint8Array([1, 2, 3, 255]);
  say(`emit "echo" with bytes: ${hex(bytes)}`, "up");
  current().emit("echo", bytes, (answer) => say(`ack, ${answer.constructor.name}: ${hex(answer)}`, "down"));
}

byId("ask").addEventListener("click", () => ask("echo"));
// The mistake, live: nobody listens for "ehco", and nobody says so.
byId("ask-wrong").addEventListener("click", () => ask("ehco"));
byId("broadcast").addEventListener("click", broadcast);
byId("ask-bytes").addEventListener("click", askBytes);
