// Rooms: a name for some of the sockets. The server alone knows who is in one.
import { addLine, byId } from "/shared/panel.js";
import { current, noteOffset, onSocket } from "./connection.js";

let rooms = [];

onSocket((socket) => {
  // A socket that was recovered is still in its rooms. Any other begins without.
  socket.on("connect", () => (socket.recovered ? showLeave() : showRooms([])));
  socket.on("disconnect", () => showLeave());
  socket.on("room message", (...args) => {
    const [{ room, text, from }] = args;
    const who = from === socket.id ? "me" : from;
    addLine(byId("room-log"), `[${room}] ${who}: ${text}`, "down");
    noteOffset(args, 1);
  });
});

/** "join room" or "leave room"; the ack is the list of our rooms. */
function move(event) {
  current().emit(event, byId("room").value, (answer) => {
    if (Array.isArray(answer)) showRooms(answer);
    byId("room-error").textContent = answer.error ?? "";
  });
}

function showRooms(list) {
  rooms = list;
  byId("rooms").textContent = rooms.join(", ") || "none";
  showLeave();
}

function showLeave() {
  byId("leave").disabled = !current()?.connected || !rooms.includes(byId("room").value);
}

byId("join").addEventListener("click", () => move("join room"));
byId("leave").addEventListener("click", () => move("leave room"));
byId("room").addEventListener("input", showLeave);
byId("stop").addEventListener("click", () => showRooms([]));
byId("room-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!current()?.connected) return;
  const message = { room: byId("room").value, text: byId("room-text").value };
  current().emit("room message", message);
  addLine(byId("room-log"), `to ${message.room}: ${message.text}`, "up");
});
