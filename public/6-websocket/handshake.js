// The handshake, worked out from the request that this browser just sent, and the frames of the connection after it.
import { WEBSOCKET_STATES, stateName } from "/shared/format.js";
import { byId } from "/shared/panel.js";
import { jsonOf } from "/shared/publish.js";
import { readFrame } from "./frames.js";
import { unmaskByHand } from "./unmask.js";

const scheme = location.protocol === "https:" ? "wss" : "ws";

const PARTS = {
  "host": "needed: which server",
  "upgrade": "needed: which protocol",
  "connection": "needed: for this hop only",
  "sec-websocket-key": "needed: 16 random bytes",
  "sec-websocket-version": "needed: 13",
  "origin": "whose page asks",
  "sec-websocket-extensions": "an offer: to compress",
  "sec-websocket-protocol": "an offer: a subprotocol",
};

let socket = null;
let ticket = null;

/** So many milliseconds before a connection makes room for the next one: on the ladder they stand apart. */
const APART_MS = 700;

async function shake() {
  byId("handshake-frames").replaceChildren();
  if (socket?.readyState === WebSocket.OPEN) {
    await end(socket);
    // Who pressed twice has the newer one already.
    if (socket) return;
  }
  const mine = socket = new WebSocket(`${scheme}://${location.host}/websocket/handshake`);
  let first = true;
  mine.addEventListener("open", showState);
  mine.addEventListener("message", (event) => {
    if (mine !== socket) return;
    if (!first) return say(`it came back: ${event.data}`);
    first = false;
    showHandshake(JSON.parse(event.data));
  });
  mine.addEventListener("close", (event) => {
    if (mine !== socket) return;
    showState();
    if (!first) showFrames();
    else say(`closed with ${event.code}: is the server running?`);
  });
  showState();
}

async function end(before) {
  socket = null;
  say("closing the one before");
  for (const id of ["handshake-send", "handshake-close"]) byId(id).disabled = true;
  await new Promise((done) => setTimeout(done, APART_MS));
  before.close(1000, "another one");
  await new Promise((done) => before.addEventListener("close", done, { once: true }));
}

function showHandshake(shown) {
  ticket = shown.ticket;
  byId("handshake").hidden = false;

  const rows = shown.request.map(([name, value]) => {
    const row = document.createElement("tr");
    const part = PARTS[name.toLowerCase()];
    const header = row.insertCell();
    // In bold, and with words beside it: what takes part must not be told by its look alone.
    header.append(part ? element("strong", name) : name, `: ${value}`);
    row.insertCell().textContent = part ?? "none";
    return row;
  });
  byId("handshake-request").replaceChildren(...rows);

  const bytes = shown.sha1.match(/../g).map((two) => parseInt(two, 16));
  const again = btoa(String.fromCharCode(...bytes));
  byId("handshake-sum").replaceChildren(
    step("The key of your request:", shown.key),
    step("With the fixed text behind it:", shown.joined),
    step("The SHA-1 of that, 20 bytes:", shown.sha1.match(/../g).join(" ")),
    step("In base64, the answer:", shown.accept),
    element("li", again === shown.accept
      ? "This page made base64 of the 20 bytes too: the same."
      : `This page made base64 of the 20 bytes too, and got ${again}: not the same!`),
  );
  byId("handshake-response").textContent = shown.response.replaceAll("\r\n", "\n").trimEnd();
}

async function showFrames() {
  try {
    const { frames } = await jsonOf(await fetch(`/websocket/frames?ticket=${encodeURIComponent(ticket)}`, { cache: "no-store" }));
    const list = byId("handshake-frames");
    list.replaceChildren(...frames.map(frameItem));
    // A frame is a table, and takes more than the lines of another log.
    list.style.flexBasis = "200px";
    list.scrollTop = list.scrollHeight;
    const mine = frames.find((frame) => frame.from === "browser" && frame.opcode === "text");
    if (mine) unmaskByHand(mine.bytes, "Your own frame");
    const closes = frames.filter((frame) => frame.opcode === "close").length;
    say(`the server's list has ${frames.length} frames; ${closes} of them are Close frames`);
  } catch (error) {
    say(`the frames did not come: ${error.message}`);
  }
}

function frameItem(frame) {
  const item = document.createElement("li");
  const way = frame.from === "browser" ? "→ from the browser" : "← from the server";
  const parts = readFrame(frame.bytes).map(({ bytes, meaning }) => {
    const row = document.createElement("tr");
    row.insertCell().textContent = bytes;
    row.insertCell().textContent = meaning;
    return row;
  });
  const table = document.createElement("table");
  table.append(...parts);
  const inside = document.createElement("div");
  inside.append(element("strong", `${way}: ${frame.opcode}`), ` ${frame.payload}`, table);
  item.append(inside);
  return item;
}

function step(words, value) {
  const item = element("li", words);
  item.append(document.createElement("br"), element("code", value));
  return item;
}

function element(name, words) {
  const made = document.createElement(name);
  made.textContent = words;
  return made;
}

function say(words) {
  byId("handshake-state").textContent = words;
}

function showState() {
  say(`readyState ${stateName(WEBSOCKET_STATES, socket.readyState)}`);
  const open = socket.readyState === WebSocket.OPEN;
  byId("handshake-send").disabled = !open;
  byId("handshake-close").disabled = !open;
}

byId("handshake-start").addEventListener("click", shake);
byId("handshake-send").addEventListener("click", () => socket.send(byId("handshake-word").value));
byId("handshake-close").addEventListener("click", () => socket.close(1000, "seen"));
