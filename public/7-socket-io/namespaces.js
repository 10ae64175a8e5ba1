// Namespaces: several sockets over one connection. io("/push") and io("/nowhere") share theirs.
import { addLine, byId } from "/shared/panel.js";
import { watch } from "./packets.js";

const say = (words, kind) => addLine(byId("push-log"), words, kind);
let push = null;
let nowhere = null;

function makePush() {
  // ANCHOR: push
  const socket = io("/push");
  socket.on("connect", () => {
    say(`/push: connect; id ${socket.id}`);
    byId("push-session").textContent = socket.io.engine.id;
    show("connected");
  });
  socket.on("message", (time) => say(`/push: message ${time}`, "down"));
  // ANCHOR_END: push
  socket.on("disconnect", (reason) => {
    say(`/push: disconnect; ${reason}`, socket.active ? "lost" : "note");
    byId("push-session").textContent = "–";
    show(socket.active ? "away; comes back by itself" : "not connected");
  });
  return socket;
}

function start() {
  // A second io("/push") would be a second connection. The one that we have can connect again.
  if (push) push.connect();
  else push = makePush();
  watch(push, "Namespaces");
  show("connecting");
}

function stop() {
  push.disconnect();
  show("not connected");
}

function show(state) {
  byId("push-state").textContent = state;
  byId("push-start").disabled = push.active;
  byId("push-stop").disabled = !push.active;
}

function tryNowhere() {
  byId("nowhere").disabled = true;
  if (nowhere) {
    nowhere.connect();
  } else {
    nowhere = io("/nowhere");
    nowhere.on("connect_error", (error) => {
      say(`/nowhere: connect_error; ${error.message}`, "lost");
      byId("nowhere").disabled = nowhere.active;
    });
  }
  watch(nowhere, "Namespaces");
}

byId("push-start").addEventListener("click", start);
byId("push-stop").addEventListener("click", stop);
byId("nowhere").addEventListener("click", tryNowhere);
