// The handshake, worked out from the request that this browser just sent, and the frames of the connection after it.
import { WEBSOCKET_STATES, stateName } from "/shared/format.js";
import { byId } from "/shared/panel.js";
import { jsonOf } from "/shared/publish.js";
import { readFrame } from "./frames.js";
import { unmaskByHand } from "./unmask.js";

const scheme = location.protocol === "https:" ? "wss" : "ws";

const PARTS = {
  "host": "must be there: an HTTP/1.1 request names its host",
  "upgrade": "must be there: asks for another protocol, websocket",
  "connection": "must be there: says that Upgrade is for this connection",
  "sec-websocket-key": "must be there: 16 random bytes in base64, new each time. The sum begins here",
  "sec-websocket-version": "must be there, and must be 13",
  "origin": "the page that asks. The server decides if it may",
  "sec-websocket-extensions": "an offer, for example to compress. The server may ignore it",
  "sec-websocket-protocol": "an offer: what the messages will mean",
};

let socket = null;
let ticket = null;

function shake() {
  socket?.close();
  byId("handshake-frames").replaceChildren();
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
    step("The same, with the fixed text behind it that every server knows:", shown.joined),
    step("Its SHA-1, 20 bytes:", shown.sha1.match(/../g).join(" ")),
    step("These bytes in base64. This is Sec-WebSocket-Accept:", shown.accept),
    element("li", again === shown.accept
      ? "This page made base64 of the 20 bytes too: the same. The browser checked it before you saw open."
      : `This page made base64 of the 20 bytes too, and got ${again}: not the same!`),
  );
  byId("handshake-response").textContent = shown.response.replaceAll("\r\n", "\n").trimEnd();
}

async function showFrames() {
  try {
    const { frames } = await jsonOf(await fetch(`/websocket/frames?ticket=${encodeURIComponent(ticket)}`, { cache: "no-store" }));
    byId("handshake-frames").replaceChildren(...frames.map(frameItem));
    byId("handshake-frames").scrollIntoView({ block: "nearest" });
    const mine = frames.find((frame) => frame.from === "browser" && frame.opcode === "text");
    if (mine) unmaskByHand(mine.bytes, "Your own frame");
    const closes = frames.filter((frame) => frame.opcode === "close").length;
    say(`${frames.length} frames went over the wire; ${closes} of them are Close frames`);
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
  item.append(element("strong", `${way}: ${frame.opcode}`), ` ${frame.payload}`, table);
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
