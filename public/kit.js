// What all lesson pages share: the status panel, the log, publishing, and coming back after a loss.
// No technique is in here. Each lesson's own page.js holds its technique, whole.

export const XHR_STATES = ["UNSENT", "OPENED", "HEADERS_RECEIVED", "LOADING", "DONE"];
export const EVENT_SOURCE_STATES = ["CONNECTING", "OPEN", "CLOSED"];
export const WEBSOCKET_STATES = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"];

/** `stateName(WEBSOCKET_STATES, 1)` is "1 OPEN": the API's own number and word. */
export const stateName = (names, number) => `${number} ${names[number]}`;

export const byId = (id) => document.getElementById(id);

/** How many bytes a text has on the wire (UTF-8), which is not its `length`. */
export const byteLength = (text) => new TextEncoder().encode(text).length;

/** HH:MM:SS.mmm in the reader's own time zone. */
export function clockTime(date = new Date()) {
  const two = (n) => String(n).padStart(2, "0");
  const milliseconds = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`;
}

/** The words of a message's data: a chat message, a plain string, or any other JSON. */
export function dataText(data) {
  if (typeof data === "string") return data;
  if (data && typeof data.text === "string") return `${data.from ?? "someone"}: ${data.text}`;
  return JSON.stringify(data);
}

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

/** The panel of the page: #state #last-id #requests #bytes #log #error. */
export const panel = {
  id: null,
  requestCount: 0,
  byteCount: 0,

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
  gap() {
    panel.log("gap: some messages are no longer in the server's history; what follows is all that it holds", "lost");
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

/** The body of an answer as JSON; an answer that is not 2xx becomes an Error with the server's own words. */
export async function jsonOf(response) {
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Error(`${response.status}: ${body?.error ?? response.statusText}`);
  return body;
}

/** Publishes to the topic `chat`; gives the id that the message got. */
export async function publish(data) {
  const response = await fetch("/publish", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ data }),
  });
  return (await jsonOf(response)).id;
}

/** The form #chat with #name, #text and #send. `send` is given `{from, text}`, and may throw. */
export function chatBox(send = publish) {
  const name = byId("name");
  const text = byId("text");
  name.value ||= `guest-${100 + Math.floor(Math.random() * 900)}`;
  byId("chat").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!text.value) return;
    try {
      await send({ from: name.value || "guest", text: text.value });
      text.value = "";
      text.focus();
    } catch (error) {
      panel.error(`not sent: ${error.message}`);
    }
  });
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

/** Coming back after a loss: says so in the page, and waits longer after each failure. */
export function comingBack(cursor = () => panel.id) {
  let wait = FIRST_WAIT_MS;
  let away = false;
  let wake = () => {};
  return {
    /** Resolves to true when it is time to try again, to false when `stop` came first. */
    lost(why = "connection lost") {
      // Without the jitter all clients of a server that restarts would come back in the same moment.
      const delay = wait * (0.75 + Math.random() / 2);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      away = true;
      const words = `${why}; trying again in ${(delay / 1000).toFixed(1)} s`;
      panel.error(words);
      panel.log(words, "lost");
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, delay, true);
        wake = () => {
          clearTimeout(timer);
          resolve(false);
        };
      });
    },
    /** Call at each success; it speaks only after a loss. */
    back() {
      wait = FIRST_WAIT_MS;
      if (!away) return;
      away = false;
      const words = cursor() ? `back; resumed after ${cursor()}` : "back";
      panel.note(words);
      panel.log(words);
    },
    stop() {
      away = false;
      wait = FIRST_WAIT_MS;
      wake();
    },
  };
}
