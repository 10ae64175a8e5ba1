// What stands in a body or a message, part by part. A part is `{name, text, words?}`; `name` is one of glossary.js.

import { dataText } from "/shared/format.js";

const EIO = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
const SIO = ["connect", "disconnect", "event", "ack", "connect_error", "event with bytes", "ack with bytes"];

/** What the JSON of a packet of Socket.IO is, by the packet's type; of an event it is what the glossary says. */
const SAYS = { 0: "what the connect says, as JSON", 3: "the answer's arguments, as JSON", 4: "why it was refused, as JSON", 6: "the answer's arguments, as JSON" };

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

/**
 * Reads a body, whole or in the pieces in which it comes: `read(text)` gives `{parts, ids, messages, heartbeat, gap}` of
 * one piece, and what its last message `says`. `messages` are those that are whole with this piece: a piece (a chunk) is no message.
 */
export function reader(kind) {
  switch (kind) {
    case "sse":
      return new EventReader();
    case "lines":
      return new LineReader();
    case "scripts":
      return new ScriptReader();
    case "engine.io":
    case "socket.io":
      return { read: (text) => readPackets(text, kind === "socket.io") };
    default:
      return { read: (text) => ({ parts: [part("body", text)], ...messagesIn(text), says: saying(text), heartbeat: false, gap: GAP.test(text) }) };
  }
}

const IDS = /"id":"([a-z0-9]{1,16}-\d+)"/g;
const GAP = /"gap": ?true/;

/** What a JSON text of ours says to a reader: the data of its message, or of the last one. None for other texts. */
export function saying(text) {
  try {
    const json = JSON.parse(text);
    const message = json?.messages?.at(-1) ?? json;
    const data = message?.data ?? message?.text;
    return data === undefined ? undefined : dataText(data);
  } catch {
    return undefined;
  }
}

/** The JSON text that a script of ours hands to `JSON.parse`. */
function jsonInScript(script) {
  const literal = /JSON\.parse\('((?:[^'\\]|\\.)*)'\)/.exec(script)?.[1];
  return literal?.replaceAll(/\\(?:u([0-9a-f]{4})|(.))/g, (_, number, letter) => letter ?? String.fromCharCode(parseInt(number, 16)));
}

/** The ids of the messages that a JSON text holds, or a script around one. */
function messagesIn(text) {
  const ids = [...text.matchAll(IDS)].map((found) => found[1]);
  return { ids, messages: ids.length };
}

/** Lines that may be cut anywhere: `take(text)` gives `{text, line, begun}`; `line` is null where the end is still to come. */
class Lines {
  #begun = "";

  take(text) {
    return (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((piece) => {
      const begun = this.#begun !== "";
      const whole = piece.endsWith("\n");
      const line = whole ? this.#begun + piece : null;
      this.#begun = whole ? "" : this.#begun + piece;
      return { text: piece, line, begun };
    });
  }
}

const CUT = "the beginning of a line; the rest comes in another chunk";
const REST = "the rest of the line that began in the chunk before";

/** Server-sent events (HTML standard, 9.2.6): what a line does depends on what was gathered before it. */
class EventReader {
  #lines = new Lines();
  #data = false;
  #id = false;
  #event = "";

  read(text) {
    const result = { parts: [], ids: [], messages: 0, heartbeat: false, gap: false };
    let comments = false;
    let other = false;
    for (const { text: piece, line, begun } of this.#lines.take(text)) {
      if (line === null) {
        result.parts.push(part("line-piece", piece, CUT));
        other = true;
        continue;
      }
      const [, name, value] = /^([^:\r\n]*):? ?([^\r\n]*)/.exec(line);
      const words = this.#words(line, name, value, result);
      if (line.startsWith(":")) comments = true;
      else if (line.trim() !== "") other = true;
      result.parts.push(begun ? part("line-piece", piece, REST) : words);
    }
    // A comment, and a blank line behind it that ends nothing.
    result.heartbeat = comments && !other && result.messages === 0;
    return result;
  }

  /** What one whole line says, and what it does. */
  #words(line, name, value, result) {
    if (line.trim() === "") return this.#blank(line, result);
    if (line.startsWith(":")) return part("sse-comment", line);
    if (name === "id") {
      this.#id = true;
      result.ids.push(value);
    } else if (name === "data") {
      this.#data = true;
      const says = saying(value) ?? value;
      result.says = this.#event && this.#event !== "message" ? `${this.#event}: ${says}` : says;
      const who = this.#event ? `what the page gets, if it listens for ${this.#event}` : undefined;
      return part("sse-data", line, who);
    } else if (name === "event") {
      this.#event = value;
    } else if (name !== "retry") {
      return part("body", line, "no field of an event stream: the browser ignores it");
    }
    return part(`sse-${name}`, line);
  }

  #blank(line, result) {
    const fires = this.#data;
    const words = fires
      ? undefined
      : this.#id
        ? "an empty line: no data was gathered, so nothing fires; the id counts"
        : "an empty line: nothing was gathered, so nothing fires";
    if (fires && this.#event === "gap") result.gap = true;
    else if (fires) result.messages += 1;
    this.#data = this.#id = false;
    this.#event = "";
    return part("sse-blank", line, words);
  }
}

/** One message a line (newline-delimited JSON). */
class LineReader {
  #lines = new Lines();

  read(text) {
    const result = { parts: [], ids: [], messages: 0, heartbeat: false, gap: false };
    for (const { text: piece, line, begun } of this.#lines.take(text)) {
      if (line === null) result.parts.push(part("line-piece", piece, CUT));
      else if (line === "\n") result.parts.push(part("heartbeat", piece));
      else {
        const gap = GAP.test(line);
        if (gap) result.gap = true;
        else result.messages += 1;
        result.says = saying(line) ?? result.says;
        result.ids.push(...messagesIn(line).ids.slice(0, 1));
        result.parts.push(begun ? part("line-piece", piece, REST) : part(gap ? "gap" : "line", piece));
      }
    }
    result.heartbeat = result.parts.length > 0 && result.parts.every(({ name }) => name === "heartbeat");
    return result;
  }
}

/** Scripts in a page that goes on. Whatever else stands there is the page. */
class ScriptReader {
  #begun = "";

  read(text) {
    const result = { parts: [], ids: [], messages: 0, heartbeat: false, gap: false };
    const all = this.#begun + text;
    let before = this.#begun.length;
    this.#begun = "";
    for (const [piece] of all.matchAll(/<script>[^]*?<\/script>\s*|<!---->\s*|<script>[^]*$|(?:(?!<script>|<!---->)[^])+/g)) {
      // The beginning of a script was shown with the chunk that it came in.
      const shown = piece.slice(Math.min(before, piece.length));
      const rest = before > 0;
      before = Math.max(0, before - piece.length);
      if (piece.startsWith("<script>") && !piece.includes("</script>")) {
        this.#begun = piece;
        result.parts.push(part("line-piece", shown, "the beginning of a script; the rest comes in another chunk"));
      } else if (piece.startsWith("<script>")) {
        const gap = GAP.test(piece);
        const { ids } = messagesIn(piece);
        // An answer to a poll is one script with all messages; without any it is no message.
        const empty = piece.includes('"messages":[]');
        if (gap && ids.length === 0) result.gap = true;
        else if (!empty) result.messages += Math.max(1, ids.length);
        result.ids.push(...ids);
        result.says = saying(jsonInScript(piece)) ?? result.says;
        const name = empty ? "script-empty" : gap && ids.length === 0 ? "gap" : "script";
        result.parts.push(rest ? part("line-piece", shown, "the rest of the script that began in the chunk before") : part(name, shown));
      } else if (piece.startsWith("<!---->")) result.parts.push(part("heartbeat", shown));
      else result.parts.push(part("page", shown));
    }
    result.heartbeat = result.parts.length > 0 && result.parts.every(({ name }) => name === "heartbeat");
    return result;
  }
}

/** Packets of Engine.IO, with Socket.IO's inside. A polling body has several, with the byte 1e between them. */
export function readPackets(text, isSocketIo) {
  const parts = [];
  let messages = 0;
  const packets = text.split("\x1e");
  packets.forEach((packet, at) => {
    if (at > 0) parts.push(part("eio-separator", "\x1e"));
    if (packet.startsWith("b")) {
      messages += 1;
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
    if (type === "message") messages += 1;
    if (type === "message" && isSocketIo) parts.push(...readSocketPacket(rest));
    else if (rest) parts.push(part("sio-data", rest, "what the packet carries"));
  });
  const types = parts.filter(({ name }) => name === "eio-type").map(({ text }) => text);
  const heartbeat = types.length > 0 && types.every((type) => "236".includes(type));
  return { parts, ids: [], messages, heartbeat, gap: false };
}

function readSocketPacket(text) {
  const [, type, attachments, namespace, ack, data] = /^(\d)(\d+-)?(\/[^,]*,?)?(\d+)?([^]*)$/.exec(text) ?? [];
  if (!SIO[type]) return [part("sio-data", text)];
  const parts = [part("sio-type", type, `Socket.IO: ${SIO[type]}`)];
  if (attachments) parts.push(part("sio-data", attachments, "how many binary parts follow"));
  if (namespace) parts.push(part("sio-namespace", namespace));
  if (ack) parts.push(part("sio-ack", ack));
  if (data) parts.push(part("sio-data", data, SAYS[type]));
  return parts;
}
