// Engine.IO by hand. Each button is one request or one packet: what a client does by itself, you do here.
import { addLine, byId } from "/shared/panel.js";
import { engineWords } from "./describe-packet.js";

const SEPARATOR = "\x1e"; // stands between the packets of one body
const scheme = location.protocol === "https:" ? "wss" : "ws";
const url = (transport) => `/engine.io/?EIO=4&transport=${transport}${session ? `&sid=${session.sid}` : ""}`;
const say = (words, kind) => addLine(byId("engine-log"), words, kind);

// {sid, lives, alive, waits, posts, pinged, ws, probe: "sent" | "answered", upgraded}
let session = null;
let opening = false;

/** One request. Gives the packets of its answer, or null when it was refused. */
async function request(transport, options = {}) {
  const address = url(transport);
  say(`${options.method ?? "GET"} ${address}${options.body ? `\nbody: ${options.body}  (${engineWords(options.body)})` : ""}`, "up");
  try {
    const response = await fetch(address, options);
    const body = await response.text();
    if (response.ok) return body;
    say(`${response.status} ${body}`, "lost");
  } catch (error) {
    say(error.message, "lost");
  }
  return null;
}

async function open() {
  opening = true;
  const old = session;
  session = null;
  show();
  if (old) await leave(old);
  const body = await request("polling");
  opening = false;
  if (body !== null) receiveAll(body, null);
  show();
}

/** A new session begins without the one before, which is told if it still lives. */
async function leave(old) {
  old.ws?.close();
  if (old.upgraded || timeLeft(old) === 0) return;
  await fetch(`/engine.io/?EIO=4&transport=polling&sid=${old.sid}`, { method: "POST", body: "1" }).catch(() => {});
}

// ANCHOR: poll
async function poll() {
  const mine = session;
  mine.waits = true;
  show();
  const body = await request("polling");
  mine.waits = false;
  if (mine === session) {
    if (body === null) over();
    else receiveAll(body, mine);
  }
  show();
  // Where the page answered a ping by itself, it goes on waiting.
  if (body === "2" && mine === session && !mine.pinged && !mine.upgraded) poll();
}
// ANCHOR_END: poll

async function post(packet) {
  const mine = session;
  mine.posts = true;
  show();
  const body = await request("polling", { method: "POST", body: packet });
  mine.posts = false;
  if (body !== null) say(`200 ${body}`, "down");
  else if (mine === session) over();
  show();
}

function send(packet) {
  if (session.upgraded) sendFrame(packet);
  else post(packet);
}

function sendFrame(packet) {
  session.ws.send(packet);
  say(`WebSocket: ${packet}\n${engineWords(packet)}`, "up");
}

function receiveAll(body, mine) {
  for (const packet of body.split(SEPARATOR)) {
    receive(packet);
    if (mine && !session) return;
  }
}

function receive(packet) {
  say(`${packet}\n${engineWords(packet)}`, "down");
  if (packet[0] === "0") {
    const { sid, pingInterval, pingTimeout } = JSON.parse(packet.slice(1));
    session = { sid, lives: pingInterval + pingTimeout, alive: performance.now() };
  } else if (packet === "2") {
    session.pinged = true;
    // Only one stop is about pings; elsewhere a reader has other work.
    if (session.upgraded || !byId("engine-pong").checkVisibility()) pong();
  } else if (packet === "3probe") {
    session.probe = "answered";
  } else if (packet === "1") {
    over();
  }
  show();
}

function pong() {
  session.pinged = false;
  session.alive = performance.now();
  send("3");
  show();
}

async function close() {
  const leaving = session;
  if (leaving.upgraded) {
    sendFrame("1");
  } else {
    await post("1");
    if (leaving === session && !leaving.waits) over();
  }
}

function openSocket() {
  const mine = session;
  const address = url("websocket");
  const ws = new WebSocket(`${scheme}://${location.host}${address}`);
  mine.ws = ws;
  say(`WebSocket ${address}`, "up");
  ws.addEventListener("open", () => {
    say("101: it is open, next to the polling", "down");
    show();
  });
  ws.addEventListener("message", (event) => mine === session && receive(event.data));
  ws.addEventListener("close", (event) => {
    say(`the WebSocket closed: ${event.code} ${event.reason}`, mine.upgraded ? "lost" : "note");
    mine.ws = null;
    mine.probe = null;
    if (mine === session && mine.upgraded) over();
    show();
  });
  show();
}

// ANCHOR: upgrade
function probe() {
  session.probe = "sent";
  sendFrame("2probe");
  show();
}

function upgrade() {
  session.upgraded = true;
  sendFrame("5");
  show();
}
// ANCHOR_END: upgrade

function over() {
  session.ws?.close();
  session = null;
  say("the session is over; Open makes a new one");
  show();
}

function show() {
  const { waits, posts, pinged, ws, upgraded } = session ?? {};
  const open = ws?.readyState === WebSocket.OPEN;
  const able = (id, can) => (byId(id).disabled = !can);
  able("engine-open", !opening);
  able("engine-poll", session && !upgraded && !waits && !posts);
  able("engine-send", session && !posts);
  able("engine-pong", pinged && !posts);
  able("engine-close", session && !posts);
  able("engine-socket", session && !ws);
  able("engine-probe", open && !upgraded && !session.probe);
  able("engine-upgrade", open && !upgraded && session.probe === "answered");
  const carrier = !session ? "–" : upgraded ? "WebSocket" : "polling";
  if (byId("engine-carrier").textContent !== carrier) byId("engine-carrier").textContent = carrier;
  byId("engine-sid").textContent = session?.sid ?? "none";
  byId("engine-waits").textContent = waits ? "yes" : "no";
  showTimeLeft();
}

const timeLeft = ({ lives, alive }) => Math.max(0, lives - (performance.now() - alive));

function showTimeLeft() {
  byId("engine-left").textContent = session ? `${Math.ceil(timeLeft(session) / 1000)} s` : "–";
}

setInterval(showTimeLeft, 500);
byId("engine-open").addEventListener("click", open);
byId("engine-poll").addEventListener("click", poll);
byId("engine-pong").addEventListener("click", pong);
byId("engine-close").addEventListener("click", close);
byId("engine-socket").addEventListener("click", openSocket);
byId("engine-probe").addEventListener("click", probe);
byId("engine-upgrade").addEventListener("click", upgrade);
byId("engine-form").addEventListener("submit", (event) => {
  event.preventDefault();
  send(`4${byId("engine-text").value}`);
});
