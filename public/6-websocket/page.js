// WebSocket: one connection, both sides may speak. The chat is here, whole; the other parts have their own files.
import "/shared/faults.js";
import { WEBSOCKET_STATES, byteLength, stateName } from "/shared/format.js";
import { byId, panel } from "/shared/panel.js";
import { onSend } from "/shared/publish.js";
import { reconnecting } from "/shared/reconnect.js";
import "./break.js";
import "./echo.js";
import "./handshake.js";

const scheme = location.protocol === "https:" ? "wss" : "ws";
const line = reconnecting();
let socket = null;

// ANCHOR: connect
function connect() {
  // A WebSocket has no Last-Event-ID, so the cursor goes into the address. 0: begin with what was said before.
  const url = `${scheme}://${location.host}/websocket/socket?after=${panel.id ?? 0}`;
  socket = new WebSocket(url, "poll-to-push.v1");
  socket.addEventListener("open", opened);
  socket.addEventListener("message", receive);
  socket.addEventListener("close", closed);
  // No listener for "error": it carries no words, and "close" always follows it.
  panel.request();
  showState();
}
// ANCHOR_END: connect

function showState() {
  panel.state(stateName(WEBSOCKET_STATES, socket.readyState));
  byId("nonsense").disabled = socket.readyState !== WebSocket.OPEN;
}

function opened() {
  showState();
  line.back();
}

// ANCHOR: receive
function receive(event) {
  panel.bytes(byteLength(event.data));
  const message = JSON.parse(event.data);
  if (message.gap) {
    panel.gap({ notice: true });
  } else if (message.error) {
    panel.error(`the server says: ${message.error}`);
    panel.log(`error: ${message.error}`, "lost");
  } else {
    panel.message(message);
  }
}
// ANCHOR_END: receive

// ANCHOR: closed
async function closed(event) {
  // Disconnect already let go of this socket, and perhaps Connect has made the next one.
  if (event.target !== socket) return;
  showState();
  // A browser never opens a WebSocket again. The page has to.
  if (await line.lost(`closed with ${event.code}${event.reason && ` (${event.reason})`}`)) connect();
}
// ANCHOR_END: closed

function start() {
  panel.running(true);
  panel.note();
  connect();
}

function stop() {
  line.stop();
  panel.running(false);
  const leaving = socket;
  socket = null;
  byId("nonsense").disabled = true;
  leaving.addEventListener("close", (event) => {
    if (socket) return;
    panel.state(stateName(WEBSOCKET_STATES, leaving.readyState));
    panel.log(`closed with ${event.code}, wasClean ${event.wasClean}`);
  });
  leaving.close(1000, "the reader left");
  panel.state(stateName(WEBSOCKET_STATES, leaving.readyState));
}

byId("start").addEventListener("click", start);
byId("stop").addEventListener("click", stop);
byId("nonsense").addEventListener("click", () => socket.send("this is not JSON"));

onSend((data) => {
  // While connecting, send() throws; once closed, it would drop the text and say nothing.
  if (socket?.readyState !== WebSocket.OPEN) throw new Error("the socket is not open");
  socket.send(JSON.stringify({ data }));
  panel.log(`sent: ${data.text}`, "up");
});
