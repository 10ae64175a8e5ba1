// Lesson 7, Socket.IO. The chat is here, whole; its socket is in connection.js, each other panel in a file of its own.
import { dataText } from "/shared/format.js";
import { byId, panel } from "/shared/panel.js";
import { onSend } from "/shared/publish.js";
import { current, noteOffset, onSocket } from "./connection.js";
import "./engine.js";
import "./rooms.js";
import "./acks.js";
import "./namespaces.js";

onSocket((socket) => {
  socket.on("connect", () => socket.emit("name", byId("name").value || "guest"));
  socket.on("disconnect", () => showHere());

  socket.on("chat message", (...args) => {
    panel.log(dataText(args[0]), "down");
    noteOffset(args, 1);
  });
  socket.on("here", (...args) => {
    const [people, count] = args;
    showHere(people, count);
    noteOffset(args, 2);
  });
  socket.on("typing", ({ id, name }) => showTyping(id, name ?? "someone"));
});

onSend((data) => {
  // ANCHOR: chat
  const socket = current();
  panel.log(socket.connected ? `sent: ${data.text}` : `waits until we are connected: ${data.text}`, "up");
  // The last argument is a function: the server's answer (its "ack") calls it.
  // A minute is long, but while we are away the message waits here, and the clock runs.
  socket.timeout(60000).emit("chat message", data, (error, answer) => {
    if (error) panel.log(`no ack for "${data.text}": ${error.message}`, "lost");
    else if (answer.error) panel.error(`the server says: ${answer.error}`);
    else panel.log(`the server has it: id ${answer.id}`);
  });
  // ANCHOR_END: chat
});

function showHere(people = [], count = 0) {
  const names = people.map((person) => person.name).join(", ");
  byId("here").textContent = count ? `${count}: ${names}${count > people.length ? ", …" : ""}` : "–";
}

// Typing: told at most once a second, forgotten after two.

const typing = new Map(); // id -> {name, timer}
let toldAt = -Infinity;

function tellTyping() {
  const socket = current();
  if (!socket?.connected || performance.now() - toldAt < 1000) return;
  toldAt = performance.now();
  // Volatile: if it cannot leave now, it is dropped. Old news of this kind is no news.
  socket.volatile.emit("typing");
}

function showTyping(id, name) {
  clearTimeout(typing.get(id)?.timer);
  const timer = setTimeout(() => {
    typing.delete(id);
    writeTyping();
  }, 2000);
  typing.set(id, { name, timer });
  writeTyping();
}

function writeTyping() {
  const names = [...typing.values()].map((person) => person.name);
  byId("typing").textContent = names.length ? `${names.join(", ")} ${names.length === 1 ? "is" : "are"} typing…` : "";
}

byId("text").addEventListener("input", tellTyping);
byId("name").addEventListener("change", () => {
  if (current()?.connected) current().emit("name", byId("name").value || "guest");
});
