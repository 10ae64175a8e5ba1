// Echo: the four events of a WebSocket, text and bytes, close codes, and the subprotocol.
import { WEBSOCKET_STATES, stateName } from "/shared/format.js";
import { addLine, byId } from "/shared/panel.js";

const scheme = location.protocol === "https:" ? "wss" : "ws";
const url = `${scheme}://${location.host}/websocket/echo`;
const say = (words, kind) => addLine(byId("echo-log"), words, kind);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
let socket = null;

function open() {
  const offer = byId("echo-protocol").value;
  socket = offer ? new WebSocket(url, offer) : new WebSocket(url);
  // Without this, bytes arrive as a Blob, which has to be read first.
  socket.binaryType = "arraybuffer";

  // ANCHOR: events
  socket.addEventListener("open", () => {
    say(`open; protocol "${socket.protocol}"`);
    showState();
  });
  socket.addEventListener("message", (event) => {
    if (typeof event.data === "string") say(`message, text: ${event.data}`, "down");
    else say(`message, binary: ${hex(new Uint8Array(event.data))}`, "down");
  });
  socket.addEventListener("error", () => {
    say("error (a browser says no more than this)", "lost");
    showState();
  });
  socket.addEventListener("close", (event) => {
    say(`close; code ${event.code}, reason "${event.reason}", wasClean ${event.wasClean}`);
    showState();
  });
  showState();
  // ANCHOR_END: events
}

function showState() {
  const state = socket.readyState;
  byId("echo-state").textContent = stateName(WEBSOCKET_STATES, state);
  byId("echo-agreed").textContent = socket.protocol || "none";
  byId("echo-open").disabled = state !== WebSocket.CLOSED;
  for (const id of ["echo-send", "echo-binary", "echo-close"]) byId(id).disabled = state !== WebSocket.OPEN;
}

function sendText() {
  socket.send(byId("echo-text").value);
  say(`sent, text: ${byId("echo-text").value}`, "up");
}

function sendBinary() {
  const bytes = new TextEncoder().encode(byId("echo-text").value);
  socket.send(bytes);
  say(`sent, binary: ${hex(bytes)}`, "up");
}

function close() {
  try {
    socket.close(Number(byId("echo-code").value), byId("echo-reason").value);
    say("close() called", "up");
  } catch (error) {
    say(`close() threw ${error.name}: ${error.message}`, "lost");
  }
  showState();
}

// The mistake, live: between new WebSocket() and its open event, send() throws.
function sendTooEarly() {
  const early = new WebSocket(url);
  try {
    early.send("too early");
  } catch (error) {
    say(`send() threw ${error.name}, at readyState ${stateName(WEBSOCKET_STATES, early.readyState)}`, "lost");
  }
  early.addEventListener("open", () => early.close());
}

byId("echo-open").addEventListener("click", open);
byId("echo-send").addEventListener("click", sendText);
byId("echo-binary").addEventListener("click", sendBinary);
byId("echo-close").addEventListener("click", close);
byId("echo-early").addEventListener("click", sendTooEarly);
