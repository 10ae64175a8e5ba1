// The socket that the chat, the rooms and the acks share: made at Connect, gone at Disconnect.
import { byId, panel } from "/shared/panel.js";
import { publish } from "/shared/publish.js";
import { watch } from "./packets.js";

const users = [];
let socket = null;
let attempts = 0;

export const current = () => socket;

/** `use(socket)` is called with each new socket, before it is connected: the time to say `socket.on`. */
export const onSocket = (use) => users.push(use);

/** The last argument of an event, when it is the offset that recovery adds. `expected`: arguments without it. */
export function noteOffset(args, expected) {
  if (args.length > expected) byId("offset").textContent = args.at(-1);
}

function connect() {
  const transports = byId("transports").value.split(",");
  // ANCHOR: connect
  // `forceNew`: a connection of its own, since the transports may be others than last time.
  socket = io({ transports, forceNew: true });
  watch(socket, "Chat");

  socket.on("connect", connected);
  socket.on("disconnect", (reason) => lost(reason));
  socket.on("connect_error", (error) => panel.error(`connect_error: ${error.message}`));
  socket.io.on("reconnect_attempt", (attempt) => {
    byId("attempts").textContent = ++attempts;
    panel.state(`connecting, attempt ${attempt}`);
  });
  for (const use of users) use(socket);
  // ANCHOR_END: connect

  panel.note();
  panel.state("connecting");
  setRunning(true);
}

function connected() {
  panel.note();
  panel.state("connected");
  byId("socket-id").textContent = socket.id;
  byId("recovered").textContent = socket.recovered;
  showTransport();
  // The engine is another one after each loss.
  socket.io.engine.on("upgrade", showTransport);
  panel.log(`connect; id ${socket.id}, recovered ${socket.recovered}`);
  setConnected(true);
}

function lost(reason) {
  panel.log(`disconnect; ${reason}`, socket.active ? "lost" : "note");
  panel.state(socket.active ? `away (${reason}); comes back by itself` : `disconnected (${reason})`);
  for (const id of ["socket-id", "transport"]) byId(id).textContent = "–";
  setConnected(false);
  if (!socket.active) setRunning(false);
}

function showTransport() {
  byId("transport").textContent = socket.io.engine.transport.name;
}

function disconnect() {
  socket.disconnect();
  panel.state("disconnected");
  setRunning(false);
}

/** As if the network were gone for a moment: the socket is not told to stop, so it comes back. */
async function cut() {
  socket.io.engine.close();
  if (!byId("meanwhile").checked) return;
  try {
    for (const text of ["said while you were away, 1", "said while you were away, 2"]) {
      await publish({ from: "POST", text });
    }
  } catch (error) {
    panel.error(`not published: ${error.message}`);
  }
}

function setRunning(running) {
  byId("start").disabled = running;
  byId("transports").disabled = running;
  byId("stop").disabled = !running;
  byId("send").disabled = !running;
  if (!running) setConnected(false);
}

function setConnected(yes) {
  for (const button of document.querySelectorAll("[data-connected]")) button.disabled = !yes;
}

byId("start").addEventListener("click", connect);
byId("stop").addEventListener("click", disconnect);
byId("cut").addEventListener("click", cut);
