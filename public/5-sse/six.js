// The browser's limit, live: over HTTP/1.1 it opens six connections to one host, for all tabs together.
import { EVENT_SOURCE_STATES, stateName } from "/shared/format.js";
import { addLine, byId } from "/shared/panel.js";

const say = (words, kind) => addLine(byId("eight-log"), words, kind);
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
let sources = [];
let watch = null;

// ANCHOR: eight
function openEight() {
  for (let n = 1; n <= 8; n++) {
    // Equal addresses could be made one request; the number keeps them apart.
    sources.push(new EventSource(`/sse/stream?topic=clock&n=${n}`));
    byId("eight").append(document.createElement("li"));
  }
  say("eight EventSources made");
  // A stream that waits fires no event at all, so we look.
  watch = setInterval(showStates, 200);
  setRunning(true);
  showStates();
}
// ANCHOR_END: eight

function showStates() {
  let open = 0;
  sources.forEach((source, index) => {
    if (source.readyState === EventSource.OPEN) open++;
    byId("eight").children[index].textContent = `readyState ${stateName(EVENT_SOURCE_STATES, source.readyState)}`;
  });
  const words = `${open} of ${sources.length} are open`;
  if (byId("eight-count").textContent !== words) byId("eight-count").textContent = words;
}

function closeAll() {
  clearInterval(watch);
  for (const source of sources) source.close();
  showStates();
  sources = [];
  byId("eight").replaceChildren();
  byId("eight-count").textContent = "all closed";
  say("all eight closed");
  setRunning(false);
}

async function tryFetch() {
  const began = performance.now();
  say("fetch: asked for /healthz", "up");
  const waiting = setTimeout(say, 2000, "fetch: still waiting, with no error", "note");
  try {
    const response = await fetch("/healthz", { cache: "no-store" });
    say(`fetch: answered ${response.status}, ${seconds(began)} after it was asked`, "down");
  } catch (error) {
    say(`fetch: ${error.message}, after ${seconds(began)}`, "lost");
  }
  clearTimeout(waiting);
}

function trySocket() {
  const began = performance.now();
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/websocket/echo`);
  say("WebSocket: connecting", "up");
  const waiting = setTimeout(say, 2000, "WebSocket: still waiting, with no error", "note");
  const ended = () => clearTimeout(waiting);
  socket.addEventListener("open", ended);
  socket.addEventListener("error", ended);
  socket.addEventListener("open", () => {
    say(`WebSocket: open after ${seconds(began)}`, "down");
    socket.close();
  });
  socket.addEventListener("error", () => {
    say(`WebSocket: refused after ${seconds(began)}. This program has no WebSocket; the whole course (cargo run) has one.`, "lost");
  });
}

function setRunning(running) {
  byId("eight-open").disabled = running;
  for (const id of ["eight-fetch", "eight-socket", "eight-close"]) byId(id).disabled = !running;
}

/** `stopMain` closes the page's own stream, which would be one of the six. */
export function setUpSix(stopMain) {
  byId("eight-open").addEventListener("click", () => {
    stopMain();
    openEight();
  });
  // Firefox lets a request that a click makes go first, on a connection more. What a page asks by itself waits.
  byId("eight-fetch").addEventListener("click", () => setTimeout(tryFetch));
  byId("eight-socket").addEventListener("click", trySocket);
  byId("eight-close").addEventListener("click", closeAll);
}
