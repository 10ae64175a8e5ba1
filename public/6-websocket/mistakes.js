// The mistakes of this lesson, each beside the right way. The text has a button for each.
import { WEBSOCKET_STATES, stateName } from "/shared/format.js";
import { publish } from "/shared/publish.js";
import { pause } from "/view/try.js";
import { attempt } from "./break.js";

const scheme = location.protocol === "https:" ? "wss" : "ws";
const address = (path) => `${scheme}://${location.host}${path}`;

/** A socket that is closed when the reader stops the run. */
function connect(path, signal) {
  const socket = new WebSocket(address(path));
  signal.addEventListener("abort", () => socket.close());
  return socket;
}

/** The next event with this name. Fails when the reader stops the run, or the socket closes first. */
function next(socket, name, signal) {
  return new Promise((resolve, reject) => {
    socket.addEventListener(name, resolve, { once: true });
    socket.addEventListener("close", (event) => reject(new Error(`closed with ${event.code}`)), { once: true });
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

async function opened(path, signal) {
  const socket = connect(path, signal);
  await next(socket, "open", signal);
  return socket;
}

const state = (socket) => `readyState ${stateName(WEBSOCKET_STATES, socket.readyState)}`;

// ---- send while connecting

// ANCHOR: send-too-early-wrong
export async function sendTooEarlyWrong(say, signal) {
  const socket = connect("/websocket/echo", signal);
  say(state(socket));
  try {
    socket.send("hello");
  } finally {
    socket.addEventListener("open", () => socket.close());
  }
}
// ANCHOR_END: send-too-early-wrong

// ANCHOR: send-too-early-right
export async function sendTooEarlyRight(say, signal) {
  const socket = connect("/websocket/echo", signal);
  socket.addEventListener("open", () => {
    say(state(socket));
    socket.send("hello");
  });
  const { data } = await next(socket, "message", signal);
  say(`came back: ${data}`);
  socket.close();
}
// ANCHOR_END: send-too-early-right

// ---- alert in a handler

/** Sends three words at once; when the first comes back, does `first`. Says when each word was heard. */
async function threeWords(first, say, signal) {
  const socket = await opened("/websocket/echo", signal);
  const start = performance.now();
  const since = () => Math.round(performance.now() - start);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 100);
  socket.addEventListener("message", (event) => {
    say(`heard "${event.data}" after ${since()} ms`);
    if (event.data === "one") first();
  });
  for (const word of ["one", "two", "three"]) socket.send(word);
  try {
    await pause(1200, signal);
    say(`a timer of 100 ms fired ${ticks} times in ${since()} ms`);
  } finally {
    clearInterval(timer);
    socket.close();
  }
}

// ANCHOR: blocking-wrong
export async function blockingWrong(say, signal) {
  // alert() would wait for you. This loop waits for one second.
  await threeWords(() => {
    const end = performance.now() + 1000;
    while (performance.now() < end);
  }, say, signal);
}
// ANCHOR_END: blocking-wrong

// ANCHOR: blocking-right
export async function blockingRight(say, signal) {
  await threeWords(() => say("the first word is here!"), say, signal);
}
// ANCHOR_END: blocking-right

// ---- "It sends its data over HTTP"

// ANCHOR: data-over-http-wrong
export async function dataOverHttpWrong(say, signal) {
  const answer = await fetch("/websocket/echo?word=hello", { signal });
  say(`the answer to an HTTP request: ${answer.status} ${answer.statusText}`);
  throw new Error((await answer.json()).error);
}
// ANCHOR_END: data-over-http-wrong

// ANCHOR: data-over-http-right
export async function dataOverHttpRight(say, signal) {
  const socket = await opened("/websocket/echo", signal);
  socket.send("hello");
  const event = await next(socket, "message", signal);
  say(`a frame came back: ${event.data}. No status, no header: a frame has none`);
  socket.close();
}
// ANCHOR_END: data-over-http-right

// ---- "Only the key matters"

// ANCHOR: only-the-key-wrong
export async function onlyTheKeyWrong(say) {
  const seen = await attempt(address("/mistakes/websocket/handshake?how=no-upgrade"));
  say(`the sum is right, but there is no Upgrade: ${seen.join(", then ")}`);
}
// ANCHOR_END: only-the-key-wrong

// ANCHOR: only-the-key-right
export async function onlyTheKeyRight(say) {
  const seen = await attempt(address("/mistakes/websocket/handshake?how=right"));
  say(`Upgrade, Connection and the sum: ${seen.join(", then ")}`);
}
// ANCHOR_END: only-the-key-right

// ---- "The key is encrypted"

/** One handshake, worked out by the server. */
async function workedOut(signal) {
  const socket = await opened("/websocket/handshake", signal);
  const { data } = await next(socket, "message", signal);
  socket.close();
  return JSON.parse(data);
}

// ANCHOR: encrypted-wrong
export async function encryptedWrong(say, signal) {
  const { key, accept } = await workedOut(signal);
  const inside = atob(accept);
  say(`the key has ${atob(key).length} bytes; the answer has ${inside.length}`);
  if (inside.includes(atob(key))) return say("the key is in it");
  throw new Error("the key is not in the answer, and nothing brings it back");
}
// ANCHOR_END: encrypted-wrong

// ANCHOR: encrypted-right
export async function encryptedRight(say, signal) {
  const { joined, sha1, accept } = await workedOut(signal);
  say(`SHA-1 of ${joined}: ${sha1}`);
  const bytes = sha1.match(/../g).map((two) => parseInt(two, 16));
  const again = btoa(String.fromCharCode(...bytes));
  say(`in base64: ${again}; the answer was ${accept}: ${again === accept ? "the same" : "not the same!"}`);
}
// ANCHOR_END: encrypted-right

// ---- waiting for the browser to come back

/** A chat socket that the server closes: it takes no bytes. */
async function closedByTheServer(say, signal) {
  const socket = await opened("/websocket/socket", signal);
  socket.send(new Uint8Array([1]));
  const { code } = await next(socket, "close", signal);
  say(`the server closed with ${code}`);
  return socket;
}

// ANCHOR: no-reconnect-wrong
export async function noReconnectWrong(say, signal) {
  const socket = await closedByTheServer(say, signal);
  await pause(4000, signal);
  say(`four seconds later: ${state(socket)}`);
}
// ANCHOR_END: no-reconnect-wrong

// ANCHOR: no-reconnect-right
export async function noReconnectRight(say, signal) {
  await closedByTheServer(say, signal);
  await pause(500, signal);
  const again = await opened("/websocket/socket", signal);
  say(`half a second later, a new socket: ${state(again)}`);
  again.close();
}
// ANCHOR_END: no-reconnect-right

// ---- a reconnect that forgets its cursor

/** What a chat socket hears until it hears `last`. */
function hear(socket, last, signal) {
  return new Promise((resolve, reject) => {
    const heard = [];
    socket.addEventListener("message", (event) => {
      const message = JSON.parse(event.data);
      heard.push(message);
      if (message.data?.text === last) resolve(heard);
    });
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

async function sayAndHear(socket, text, signal) {
  const [heard] = await Promise.all([hear(socket, text, signal), publish({ from: "lesson 6", text })]);
  return heard;
}

/** Listens, leaves, and comes back to the address that `comeBack` gives for the last id. */
async function leaveAndComeBack(comeBack, say, signal) {
  const run = Math.random().toString(36).slice(2, 6);
  const first = await opened("/websocket/socket", signal);
  const last = (await sayAndHear(first, `before ${run}`, signal)).at(-1);
  first.close();
  await publish({ from: "lesson 6", text: `away ${run}` });
  const second = await opened(comeBack(last.id), signal);
  const heard = await sayAndHear(second, `back ${run}`, signal);
  second.close();
  const missed = heard.some((message) => message.data?.text === `away ${run}`);
  say(`last id ${last.id}; came back to ${comeBack(last.id)}`);
  say(`what was said meanwhile ${missed ? "came" : "is lost"}`);
}

// ANCHOR: no-cursor-wrong
export async function noCursorWrong(say, signal) {
  await leaveAndComeBack(() => "/websocket/socket", say, signal);
}
// ANCHOR_END: no-cursor-wrong

// ANCHOR: no-cursor-right
export async function noCursorRight(say, signal) {
  await leaveAndComeBack((id) => `/websocket/socket?after=${id}`, say, signal);
}
// ANCHOR_END: no-cursor-right

// ---- a code that a page may not send

// ANCHOR: close-code-wrong
export async function closeCodeWrong(say, signal) {
  const socket = await opened("/websocket/echo", signal);
  try {
    socket.close(1001, "going away");
  } finally {
    say(state(socket));
    socket.close();
  }
}
// ANCHOR_END: close-code-wrong

// ANCHOR: close-code-right
export async function closeCodeRight(say, signal) {
  const socket = await opened("/websocket/echo", signal);
  socket.close(4001, "lunch");
  const { code, reason, wasClean } = await next(socket, "close", signal);
  say(`close; code ${code}, reason "${reason}", wasClean ${wasClean}`);
}
// ANCHOR_END: close-code-right

// ---- no look at the Origin

/** A page in a sandbox has the origin "null", as foreign as any other. It tries to connect, and tells. */
async function letAStrangerTry(path, say, signal) {
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-scripts";
  frame.title = "A page of another origin";
  frame.hidden = true;
  frame.src = `/6-websocket/stranger.html?path=${encodeURIComponent(path)}`;
  const telling = new AbortController();
  try {
    const told = await new Promise((resolve, reject) => {
      window.addEventListener("message", (event) => {
        if (event.source === frame.contentWindow) resolve(event);
      }, { signal: telling.signal });
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      document.body.append(frame);
    });
    say(`the stranger's origin is ${told.origin}`);
    say(`the stranger says: ${told.data}`);
  } finally {
    telling.abort();
    frame.remove();
  }
}

// ANCHOR: no-origin-check-wrong
export async function noOriginCheckWrong(say, signal) {
  await letAStrangerTry("/mistakes/websocket/open-door", say, signal);
}
// ANCHOR_END: no-origin-check-wrong

// ANCHOR: no-origin-check-right
export async function noOriginCheckRight(say, signal) {
  await letAStrangerTry("/websocket/echo", say, signal);
}
// ANCHOR_END: no-origin-check-right
