// Iframe push: a page that never ends, in an iframe. Each message is a script in it, which posts to this page.
import { byteLength, dataText } from "/shared/format.js";
import { byId, panel } from "/shared/panel.js";
import { onSend } from "/shared/publish.js";
import { reconnecting } from "/shared/reconnect.js";
import { lookInside, placeFrame, scriptRan } from "./inside.js";

const topic = byId("topic");
const line = reconnecting();
// The chat begins with what was said before; the clock begins now.
const cursors = { clock: null, chat: "0" };
// A connection that is cut in the middle leaves the iframe as it is: no load, no error. Only the silence tells.
// The clock speaks every second; in a quiet chat the server's heartbeat, every 15 seconds, is all there is.
const SILENCE_MS = { clock: 5_000, chat: 40_000 };
// Each script and each heartbeat that arrives changes the iframe's document.
const life = new MutationObserver(() => {
  heardAt = performance.now();
  lookInside();
});
let frame = null;
let watch = null;
let heardAt = 0;

// ANCHOR: connect
function connect() {
  const after = cursors[topic.value] ? `&after=${cursors[topic.value]}` : "";
  frame = document.createElement("iframe");
  frame.id = "frame";
  frame.title = "the stream";
  frame.src = `/iframe-push/stream?topic=${topic.value}${after}`;
  // A page that never ends never loads. If this one does, the server ended it, or could not be reached.
  frame.addEventListener("load", loaded);
  placeFrame(frame);
  panel.request();
  panel.state("requested");
  heardAt = performance.now();
  // No event tells us that the iframe's page has begun, so we look.
  watch = setInterval(look, 200);
}

// Taking the iframe away ends its request: the server sees that the reader left.
function disconnect() {
  clearInterval(watch);
  life.disconnect();
  frame?.remove();
  frame = null;
}
// ANCHOR_END: connect

// ANCHOR: look
function look() {
  const inside = frame.contentDocument;
  // Until the answer begins, an empty page stands in the iframe.
  if (inside && inside.URL !== "about:blank") {
    panel.state(inside.readyState);
    line.back();
    life.observe(inside, { childList: true, subtree: true });
  }
  if (performance.now() - heardAt > SILENCE_MS[topic.value]) lost("nothing came for too long");
}

function loaded() {
  // A refusal is a short page of JSON. Of a network error the browser shows us nothing.
  const refusal = frame.contentDocument?.body?.textContent.match(/"error"\s*:\s*"(.*)"/)?.[1];
  lost(refusal ?? "connection lost");
}

async function lost(why) {
  disconnect();
  panel.state("lost");
  if (await line.lost(why)) connect();
}
// ANCHOR_END: look

// ANCHOR: hear
addEventListener("message", (event) => {
  // Not from our server: any window may post to this one.
  if (event.origin !== location.origin) return;
  // From our server, but not from our iframe.
  if (!frame || event.source !== frame.contentWindow) return;
  receive(event.data);
});
// ANCHOR_END: hear

function receive(message) {
  scriptRan();
  panel.bytes(byteLength(JSON.stringify(message)));
  line.back();
  if (message.gap) {
    panel.gap({ notice: true });
    return;
  }
  cursors[message.topic] = message.id;
  panel.lastId(message.id);
  if (message.topic === "clock") {
    byId("clock").textContent = message.data.time.slice(11, 19);
    panel.log(`${message.id}  ${message.data.time}`, "down");
  } else {
    panel.log(`${message.id}  ${dataText(message.data)}`, "down");
  }
}

function start() {
  panel.running(true);
  panel.note();
  connect();
}

function stop() {
  line.stop();
  disconnect();
  panel.running(false);
  panel.state("stopped");
}

function choose() {
  stop();
  panel.id = cursors[topic.value];
  byId("last-id").textContent = panel.id ?? "none yet";
  byId("clock-view").hidden = topic.value !== "clock";
  byId("chat-view").hidden = topic.value !== "chat";
}

byId("start").addEventListener("click", start);
byId("stop").addEventListener("click", stop);
topic.addEventListener("change", choose);
onSend();
// A browser may remember the choice of the last visit.
choose();
