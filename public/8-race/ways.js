// The nine ways in which a page learns of news here: lessons 1 to 7, each as small as it can be. Each listens until
// `signal` is aborted, comes back after a loss, and goes on after the last id that it knows.

import { linesOf } from "/shared/lines.js";
import { byId } from "/shared/panel.js";

/** Equal URLs wait for each other in some browsers, in other tabs, too. */
const TAB = Math.random().toString(36).slice(2, 10);
const WAIT_S = 25;
/** A cut is told to nobody in an iframe. The server says something every 15 s; longer silence is a loss. */
const SILENCE_MS = 20_000;

const pause = (milliseconds, signal) =>
  new Promise((done) => {
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", over);
      done();
    };
    const timer = setTimeout(over, milliseconds);
    signal.addEventListener("abort", over);
  });

/** Until it is switched off: `once()` again and again, with a wait after each loss. */
async function again(lane, signal, once) {
  while (!signal.aborted) {
    try {
      await once();
    } catch (error) {
      if (signal.aborted || !(await lane.lost(`lost (${error.message})`))) return;
    }
  }
}

// ANCHOR: short-polling
const shortPolling = (lane, signal) =>
  again(lane, signal, async () => {
    lane.take(await lane.ask("/short-polling/messages", signal));
    lane.open();
    await pause(Number(byId("every").value), signal);
  });
// ANCHOR_END: short-polling

const longPolling = (path) => (lane, signal) =>
  again(lane, signal, async () => {
    // A request that waits tells nothing, so the first one after a loss does not wait.
    const wait = lane.there.at(-1)?.to === null ? WAIT_S : 0;
    lane.take(await lane.ask(`${path}?wait=${wait}&tab=${TAB}`, signal));
    lane.open();
  });

const comet = (lane, signal) =>
  again(lane, signal, async () => {
    lane.noteAsked();
    const response = await fetch(lane.url("/comet/stream"), { signal, cache: "no-store" });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    lane.open();
    for await (const text of linesOf(response.body)) {
      const message = text === "" ? null : JSON.parse(text);
      if (message?.gap) lane.gap();
      else if (message) lane.message(message);
    }
    throw new Error("the answer ended");
  });

const iframePush = (lane, signal) => again(lane, signal, () => oneFrame(lane, signal));

function oneFrame(lane, signal) {
  return new Promise((done, failed) => {
    const frame = document.createElement("iframe");
    frame.className = "unseen";
    frame.title = "the stream of iframe push";
    frame.src = lane.url("/iframe-push/stream");
    let heardAt = performance.now();
    // Scripts and heartbeats change the iframe's page.
    const life = new MutationObserver(() => (heardAt = performance.now()));
    const end = (settle, value) => {
      clearInterval(timer);
      life.disconnect();
      removeEventListener("message", heard);
      frame.remove();
      settle(value);
    };
    const heard = ({ origin, source, data }) => {
      if (origin !== location.origin || source !== frame.contentWindow) return;
      lane.open();
      if (data.gap) lane.gap();
      else lane.message(data);
    };
    const timer = setInterval(() => {
      const inside = frame.contentDocument;
      if (inside && inside.URL !== "about:blank") {
        lane.open();
        life.observe(inside, { childList: true, subtree: true });
      }
      if (performance.now() - heardAt > SILENCE_MS) end(failed, new Error("silence"));
    }, 200);
    addEventListener("message", heard);
    // A page that does not end never loads.
    frame.addEventListener("load", () => end(failed, new Error("the page ended")));
    signal.addEventListener("abort", () => end(done));
    lane.noteAsked();
    byId("frames").append(frame);
  });
}

const sse = (lane, signal) =>
  again(lane, signal, () =>
    new Promise((done, failed) => {
      const source = new EventSource(lane.url("/sse/stream?topic=chat"));
      lane.noteAsked();
      source.addEventListener("open", () => lane.open());
      source.addEventListener("message", ({ data }) => lane.message(JSON.parse(data)));
      source.addEventListener("gap", () => lane.gap());
      source.addEventListener("error", () => {
        lane.away();
        // The browser comes back by itself, unless the answer was no event stream.
        if (source.readyState === EventSource.CONNECTING) {
          lane.noteAsked();
          lane.say("lost; the browser tries again");
        } else failed(new Error("the browser gave up"));
      });
      signal.addEventListener("abort", () => done(source.close()));
    }),
  );

const webSocket = (lane, signal) =>
  again(lane, signal, () =>
    new Promise((done, failed) => {
      const url = lane.url("/websocket/socket");
      url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      const socket = new WebSocket(url, "poll-to-push.v1");
      lane.noteAsked();
      socket.addEventListener("open", () => lane.open());
      socket.addEventListener("message", ({ data }) => {
        const message = JSON.parse(data);
        if (message.gap) lane.gap();
        else if (message.id) lane.message(message);
      });
      socket.addEventListener("close", ({ code }) => failed(new Error(`closed with ${code}`)));
      signal.addEventListener("abort", () => {
        socket.close(1000);
        done();
      });
    }),
  );

// ANCHOR: socket-io
/** The library comes back by itself, but its events have no id here. So after each coming back the page asks for what it missed. */
const socketIo = (transport) => (lane, signal) =>
  new Promise((done) => {
    const socket = io({ transports: [transport], forceNew: true });
    // What comes while the question is open is older or newer than its answer; it waits.
    let held = null;
    const catchUp = async () => {
      held = [];
      while (held && socket.connected && !signal.aborted) {
        try {
          lane.cursor = lane.race.newestOf(lane) ?? lane.cursor;
          const { messages, last_id, gap } = await lane.ask("/short-polling/messages", signal);
          if (gap) lane.gap();
          for (const { data, published_ms } of messages) if (!lane.race.has(lane, data)) lane.arrived(data, published_ms);
          lane.cursor = last_id;
          const late = held;
          held = null;
          for (const data of late) if (!lane.race.has(lane, data)) lane.arrived(data);
          lane.open();
        } catch (error) {
          if (signal.aborted || !(await lane.lost(`lost (${error.message})`))) return;
        }
      }
    };
    socket.on("connect", catchUp);
    socket.on("chat message", (data) => (held ? held.push(data) : lane.arrived(data)));
    socket.on("disconnect", (reason) => {
      lane.away();
      if (socket.active) lane.say(`lost (${reason}); the library tries again`);
    });
    socket.on("connect_error", ({ message }) => lane.say(`lost (${message}); the library tries again`));
    lane.noteAsked();
    signal.addEventListener("abort", () => done(socket.disconnect()));
  });
// ANCHOR_END: socket-io

/** In the order of the lessons. `on`: from the beginning. */
export const WAYS = [
  { name: "short-polling", words: "short polling", short: "short", holds: 0, run: shortPolling, on: true, stays: false },
  { name: "long-polling", words: "long poll, condvar", short: "long", holds: 1, run: longPolling("/long-polling/messages") },
  { name: "parked", words: "long poll, parked", short: "park", holds: 1, run: longPolling("/long-polling/parked"), on: true },
  { name: "comet", words: "comet", short: "comet", holds: 1, run: comet, on: true },
  { name: "iframe-push", words: "iframe push", short: "ifr.", holds: 1, run: iframePush },
  { name: "sse", words: "SSE", short: "SSE", holds: 1, run: sse, on: true },
  { name: "websocket", words: "WebSocket", short: "WS", holds: 0, run: webSocket, on: true },
  { name: "socket-io-polling", words: "Socket.IO, polling", short: "io p", holds: 1, run: socketIo("polling") },
  { name: "socket-io-websocket", words: "Socket.IO, WebSocket", short: "io W", holds: 0, run: socketIo("websocket"), on: true },
];

/** Whose bytes these are, by what was asked for. */
export function wayOf(target = "") {
  const url = new URL(target, location.href);
  const said = url.searchParams.get("lane");
  if (said) return said;
  if (url.pathname === "/socket.io/") return `socket-io-${url.searchParams.get("transport")}`;
  // What was open before anybody looked is known by its path alone.
  if (url.pathname === "/long-polling/parked") return "parked";
  return url.pathname.split("/")[1];
}
