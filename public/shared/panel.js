// The status panel and the log of a demo: what a page shows of its technique. The elements are in elements.js.

import "./elements.js";
import { clockTime, dataText } from "./format.js";

export const byId = (id) => document.getElementById(id);

const LINES_KEPT = 200;

/** Changes a list that scrolls, and goes on to show its end; but a reader who scrolled up to read stays there. */
export function keepAtEnd(list, change) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 30;
  change();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

/** Adds a line with its time to a log. `kind`: "down" (arrived), "up" (sent), "note" or "lost". */
export function addLine(list, text, kind = "note") {
  const item = document.createElement("li");
  const time = document.createElement("time");
  const words = document.createElement("span");
  item.className = kind;
  time.textContent = clockTime();
  words.textContent = text;
  item.append(time, words);
  keepAtEnd(list, () => {
    list.append(item);
    while (list.children.length > LINES_KEPT) list.firstElementChild.remove();
  });
}

/** The page's <status-panel>, <message-log>, and the buttons #start and #stop. */
export const panel = {
  id: null,
  requestCount: 0,
  byteCount: 0,

  /** Whether Start or Stop can be pressed now. */
  running(is) {
    byId("start").disabled = is;
    byId("stop").disabled = !is;
  },
  state(words) {
    // Setting the same words again would make a screen reader say them again.
    if (byId("state").textContent !== words) byId("state").textContent = words;
  },
  lastId(id) {
    panel.id = id;
    byId("last-id").textContent = id;
  },
  /** A whole answer was read; this is the id that it goes up to. */
  answer(id) {
    panel.lastId(id);
    dispatchEvent(new Event("panel-answer"));
  },
  request() {
    byId("requests").textContent = ++panel.requestCount;
    dispatchEvent(new Event("panel-request"));
  },
  bytes(count) {
    panel.byteCount += count;
    byId("bytes").textContent = panel.byteCount;
  },
  log(text, kind) {
    addLine(byId("log"), text, kind);
  },
  /** A message from the bus: remember its id as the cursor, and show it. */
  message(message) {
    panel.lastId(message.id);
    dispatchEvent(new CustomEvent("panel-message", { detail: message.id }));
    panel.log(`${message.id}  ${dataText(message.data)}`, "down");
  },
  /** The server's gap notice. On a stream, where no answer shows that it came back, a notice says it, too. */
  gap({ notice = false } = {}) {
    panel.log("gap: some messages are no longer in the server's history; what follows is all that it holds", "lost");
    if (notice) panel.note("gap: the server no longer knows what came after our last id; what follows is all that it holds", "waiting");
  },
  /** A notice above the log. `kind`: "lost", "waiting" or none. No words clear it. */
  note(words = "", kind = "") {
    byId("error").className = `notice ${kind}`;
    byId("error").textContent = words;
  },
  error(words) {
    panel.note(words, "lost");
  },
};

/**
 * Adds to "bytes received" what the browser itself measured of each request whose path begins with `prefix`
 * (bodies only). For an iframe or a script there is no other way: their bytes never reach a script.
 */
export function countBytes(prefix) {
  const start = location.origin + prefix;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.name.startsWith(start)) panel.bytes(entry.encodedBodySize);
    }
  }).observe({ type: "resource" });
}
