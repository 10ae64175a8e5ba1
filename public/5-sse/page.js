// Server-sent events: the browser reads the stream, makes events of it, and comes back by itself with its last id.
import "/shared/faults.js";
import { EVENT_SOURCE_STATES, byteLength, stateName } from "/shared/format.js";
import { byId, panel } from "/shared/panel.js";
import { reconnecting } from "/shared/reconnect.js";
import { setUpSix } from "./six.js";
import { show, showView } from "./views.js";

const STREAMS = {
  clock: "/sse/clock",
  ticker: "/sse/stream?topic=ticker",
  // The list as it is now, and every change after it.
  users: "/sse/stream?topic=users&after=0",
  // The chat begins with what was said before.
  chat: "/sse/stream?topic=chat&after=0",
};

const stream = byId("stream");
const line = reconnecting();
const cursors = {};
let source = null;
let browserRetries = false;

// ANCHOR: connect
function connect() {
  const url = new URL(STREAMS[stream.value], location.href);
  // A new EventSource knows no last id. Only when it comes back by itself does it send `Last-Event-ID`.
  if (cursors[stream.value] && stream.value !== "clock") url.searchParams.set("after", cursors[stream.value]);

  source = new EventSource(url);
  source.addEventListener("open", opened);
  source.addEventListener("message", receive);
  // Events with a name come only to listeners of that name.
  source.addEventListener("connecttime", receive);
  source.addEventListener("alarm", receive);
  source.addEventListener("invalid", receive);
  source.addEventListener("gap", gap);
  source.addEventListener("error", lost);
  panel.request();
  showState();
}
// ANCHOR_END: connect

function showState() {
  panel.state(stateName(EVENT_SOURCE_STATES, source.readyState));
}

function opened() {
  showState();
  line.back();
  if (!browserRetries) return;
  browserRetries = false;
  const words = panel.id ? `back; resumed after ${panel.id}` : "back";
  panel.note(words);
  panel.log(words);
}

// ANCHOR: receive
function receive(event) {
  panel.bytes(byteLength(event.data));
  if (event.lastEventId) {
    cursors[stream.value] = event.lastEventId;
    panel.lastId(event.lastEventId);
  }
  show(stream.value, event);
}
// ANCHOR_END: receive

function gap() {
  panel.gap({ notice: true });
}

// ANCHOR: lost
async function lost() {
  showState();
  if (source.readyState === EventSource.CONNECTING) {
    // The browser waits (the server's `retry:`, or its own few seconds) and asks again.
    browserRetries = true;
    panel.request();
    const words = "connection lost; the browser is trying again by itself";
    panel.error(words);
    panel.log(words, "lost");
    return;
  }
  // CLOSED: the answer was no event stream, so the browser gave up for good. Now it is our turn.
  browserRetries = false;
  if (await line.lost("the browser gave up: the answer was not an event stream")) connect();
}
// ANCHOR_END: lost

function start() {
  panel.running(true);
  panel.note();
  connect();
}

function stop() {
  line.stop();
  browserRetries = false;
  panel.running(false);
  if (!source) return;
  source.close();
  showState();
}

function choose() {
  stop();
  panel.id = cursors[stream.value] ?? null;
  byId("last-id").textContent = panel.id ?? "none yet";
  showView(stream.value);
}

byId("start").addEventListener("click", start);
byId("stop").addEventListener("click", stop);
stream.addEventListener("change", choose);
setUpSix(stop);
// A browser may remember the choice of the last visit.
choose();
