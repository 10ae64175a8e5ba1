// Every packet of a connection, as it travels and in words.
import { addLine, byId } from "/shared/panel.js";
import { ENGINE_TYPES, engineWords, hex, socketWords } from "./describe-packet.js";

const counts = { up: 0, down: 0 };
const seen = new WeakSet(); // managers and engines that we listen to already

/** Shows what goes over the connection of `socket`. Call it again after `socket.connect()`. */
export function watch(socket, whose) {
  const manager = socket.io;
  if (!seen.has(manager)) {
    seen.add(manager);
    // An attempt makes a new engine, right after this event. Later would be too late for its first packets.
    manager.on("reconnect_attempt", () => queueMicrotask(() => watchEngine(manager.engine, whose)));
  }
  watchEngine(manager.engine, whose);
}

function watchEngine(engine, whose) {
  if (!engine || seen.has(engine)) return;
  seen.add(engine);
  engine.on("packet", (packet) => show(engine, packet, "down", whose));
  engine.on("packetCreate", (packet) => show(engine, packet, "up", whose));
  // 2probe, 3probe and 5 belong to the second transport. They do not pass the engine.
  engine.on("upgrading", () => note(`${whose}: 2probe went out by a WebSocket, 3probe came back`));
  engine.on("upgrade", () => note(`${whose}: 5 went out; from now on all goes by the WebSocket`));
  engine.on("close", (reason) => note(`${whose}: the connection is closed (${reason})`));
}

function show(engine, packet, way, whose) {
  if (whose === "Chat") {
    counts[way] += 1;
    byId("packets-counted").textContent = `${counts.up} / ${counts.down}`;
  }
  write(`${textOf(engine, packet)}\n${whose}: ${wordsOf(packet)}`, way);
}

const isText = (data) => data === undefined || typeof data === "string";
const bytesOf = (data) => (data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength));

/** The packet as it is on the wire. */
function textOf(engine, { type, data }) {
  if (isText(data)) return ENGINE_TYPES.indexOf(type) + (data ?? "");
  const bytes = bytesOf(data);
  return engine.transport.name === "polling" ? `b${btoa(String.fromCharCode(...bytes))}` : hex(bytes);
}

function wordsOf({ type, data }) {
  if (type !== "message") return engineWords(String(ENGINE_TYPES.indexOf(type)));
  return isText(data) ? `4 message · ${socketWords(data)}` : "message · bytes, the binary part of the packet before it";
}

function write(words, kind) {
  addLine(byId("packets"), words, kind);
  byId("packets-clear").disabled = false;
}

const note = (words) => write(words, "note");

byId("packets-clear").addEventListener("click", () => {
  byId("packets").replaceChildren();
  byId("packets-clear").disabled = true;
});
