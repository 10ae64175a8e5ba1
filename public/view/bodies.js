// What stands in a body or a message, part by part. A part is `{name, text, words?}`; `name` is one of glossary.js.

const EIO = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
const SIO = ["connect", "disconnect", "event", "ack", "connect_error", "event with bytes", "ack with bytes"];

const part = (name, text, words) => ({ name, text, words });

/** What a body is, by its type and by what was asked for. */
export function kindOf(contentType, target) {
  if (/^\/(engine|socket)\.io\/\?/.test(target)) return target.startsWith("/socket.io") ? "socket.io" : "engine.io";
  if (contentType.startsWith("text/event-stream")) return "sse";
  if (contentType.startsWith("application/x-ndjson")) return "lines";
  if (contentType.startsWith("text/html") && /\/iframe/.test(target)) return "scripts";
  if (contentType.startsWith("application/json")) return "json";
  return "text";
}

/** `{parts, ids, news, heartbeat}` of a text of that kind. */
export function read(kind, text) {
  switch (kind) {
    case "sse":
      return readEvents(text);
    case "lines":
      return readLines(text);
    case "scripts":
      return readScripts(text);
    case "engine.io":
    case "socket.io":
      return readPackets(text, kind === "socket.io");
    default:
      return { parts: [part("body", text)], ...newsIn(text) };
  }
}

/** The ids of the messages that a JSON text holds, or a script around one. */
function newsIn(text) {
  const ids = [...text.matchAll(/"id":"([a-z0-9]{1,16}-\d+)"/g)].map((found) => found[1]);
  return { ids, news: ids.length > 0, heartbeat: false };
}

function readEvents(text) {
  const parts = [];
  const ids = [];
  let news = false;
  let comments = false;
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const name = line.startsWith(":") ? "sse-comment" : /^(id|event|data|retry):/.exec(line)?.[1];
    if (line === "\n" || line === "\r\n") parts.push(part("sse-blank", line));
    else if (name === "sse-comment") {
      comments = true;
      parts.push(part(name, line));
    } else if (name) {
      if (name === "id") ids.push(line.slice(3).trim());
      if (name === "data") news = true;
      parts.push(part(`sse-${name}`, line));
    } else parts.push(part("body", line));
  }
  return { parts, ids, news, heartbeat: comments && !news };
}

function readLines(text) {
  const parts = [];
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    parts.push(line === "\n" ? part("heartbeat", line) : part("line", line));
  }
  const found = newsIn(text);
  const heartbeat = parts.length > 0 && parts.every(({ name }) => name === "heartbeat");
  return { parts, ids: found.ids, news: !heartbeat, heartbeat };
}

function readScripts(text) {
  const parts = [];
  for (const piece of text.match(/<script>[^]*?<\/script>\s*|<!---->\s*|[^<]+|</g) ?? []) {
    const name = piece.startsWith("<script>") ? "script" : piece.startsWith("<!---->") ? "heartbeat" : "body";
    parts.push(part(name, piece));
  }
  const found = newsIn(text);
  const heartbeat = parts.length > 0 && parts.every(({ name }) => name === "heartbeat");
  return { parts, ids: found.ids, news: found.news, heartbeat };
}

/** Packets of Engine.IO, with Socket.IO's inside. A polling body has several, with the byte 1e between them. */
export function readPackets(text, isSocketIo) {
  const parts = [];
  let news = false;
  const packets = text.split("\x1e");
  packets.forEach((packet, at) => {
    if (at > 0) parts.push(part("eio-separator", "\x1e"));
    if (packet.startsWith("b")) {
      news = true;
      parts.push(part("eio-type", "b", "Engine.IO: bytes, in base64"), part("sio-data", packet.slice(1)));
      return;
    }
    const type = EIO[packet[0]];
    if (!type || (packets.length === 1 && packet === "ok")) {
      parts.push(part("body", packet));
      return;
    }
    parts.push(part("eio-type", packet[0], `Engine.IO: ${type}`));
    const rest = packet.slice(1);
    if (type === "message") news = true;
    if (type === "message" && isSocketIo) parts.push(...readSocketPacket(rest));
    else if (rest) parts.push(part("sio-data", rest, "what the packet carries"));
  });
  const types = parts.filter(({ name }) => name === "eio-type").map(({ text }) => text);
  const heartbeat = types.length > 0 && types.every((type) => "236".includes(type));
  return { parts, ids: [], news, heartbeat };
}

function readSocketPacket(text) {
  const [, type, attachments, namespace, ack, data] = /^(\d)(\d+-)?(\/[^,]*,?)?(\d+)?([^]*)$/.exec(text) ?? [];
  if (!SIO[type]) return [part("sio-data", text)];
  const parts = [part("sio-type", type, `Socket.IO: ${SIO[type]}`)];
  if (attachments) parts.push(part("sio-data", attachments, "how many binary parts follow"));
  if (namespace) parts.push(part("sio-namespace", namespace));
  if (ack) parts.push(part("sio-ack", ack));
  if (data) parts.push(part("sio-data", data));
  return parts;
}
