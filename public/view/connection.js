// One connection of this browser: from the bytes that passed to what crossed. HTTP/1.1 heads and bodies (RFC 9112),
// chunks, and what an upgrade brings.
//
// Each crossing is `{n, us, way, kind, label, parts, bytes, id?, target?}`: `way` is "up" (browser to server) or "down",
// `kind` says how the ladder draws it: request, answer, empty, open, message, heartbeat, handshake, frame, close, lost, cut.
// `heading` is what the list of bytes says in place of the kind's own words, `says` the text of a message that has an id.

import { kindOf, reader, readPackets, saying } from "./bodies.js";
import { Frames, payloadParts } from "./frames.js";

/** Bytes of a body that are kept to be shown. */
const KEPT = 8000;
/** How a chunk may begin, to find the place again after bytes were missed. */
const CHUNK = /^[0-9a-f]{1,8}\r\n/;

const ascii = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
/** Text, with each byte that is not UTF-8 as `\\xNN`: a chunk may end in the middle of a letter. */
export function utf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const letters = new TextDecoder("utf-8", { ignoreBOM: true });
    let text = "";
    for (let at = 0; at < bytes.length; ) {
      const size = bytes[at] < 0x80 ? 1 : bytes[at] >= 0xf0 ? 4 : bytes[at] >= 0xe0 ? 3 : bytes[at] >= 0xc2 ? 2 : 1;
      const letter = letters.decode(bytes.subarray(at, at + size));
      const whole = letter !== "" && !letter.includes("\ufffd");
      text += whole ? letter : `\\x${bytes[at].toString(16).padStart(2, "0")}`;
      at += whole ? size : 1;
    }
    return text;
  }
}

/** A line that ends early because its rest was not kept. */
const notKept = (part) => (part.name === "line-piece" ? { ...part, words: "the beginning of a line; its rest was not kept" } : part);

/** How packets begin, for a label; what stands between two can be seen. */
const start30 = (packets) => packets.slice(0, 30).replaceAll("\x1e", "␞");

function join(a, b) {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

function endOfHead(bytes) {
  for (let at = 3; at < bytes.length; at++) {
    if (bytes[at] === 10 && bytes[at - 1] === 13 && bytes[at - 2] === 10 && bytes[at - 3] === 13) return at + 1;
  }
  return -1;
}

/** The head's lines as parts, and its fields by lower-case name. */
function readHead(text, first) {
  const lines = text.slice(0, -2).split("\r\n").slice(0, -1);
  const fields = {};
  const parts = lines.map((line, at) => {
    if (at === 0) return { name: first, text: `${line}\r\n` };
    const [name, ...value] = line.split(":");
    fields[name.toLowerCase()] = value.join(":").trim();
    return { name: "field", field: name.toLowerCase(), text: `${line}\r\n` };
  });
  parts.push({ name: "blank-line", text: "\r\n" });
  return { parts, fields, start: lines[0] ?? "" };
}

export class Connection {
  /** `target`: what it was asked for before we looked, if it was. */
  constructor(n, onCrossing, target = null) {
    this.n = n;
    this.onCrossing = onCrossing;
    this.request = target === null ? null : { target, method: "GET", fields: {} };
    this.up = { rest: new Uint8Array(), state: target === null ? "head" : "lost" };
    this.down = { rest: new Uint8Array(), state: target === null ? "head" : "lost" };
    this.frames = null;
    if (target !== null) this.guess(target);
  }

  /** We came in the middle: what is going on follows from what was asked for. */
  guess(target) {
    if (/^\/websocket\/|transport=websocket/.test(target)) this.upgrade();
    else if (/\/stream|\/nine|\/clock/.test(target)) {
      this.down = { rest: new Uint8Array(), state: "lost-chunk" };
      this.body = this.guessBody(target);
    }
  }

  guessBody(target) {
    const types = { sse: "text/event-stream", comet: "application/x-ndjson", "iframe-push": "text/html" };
    const kind = kindOf(types[target.split("/")[1]] ?? "", target);
    return { kind, reader: reader(kind), stream: true };
  }

  /** A passage: bytes, and how many more passed that were not kept. */
  take({ us, kind, bytes, length, why }) {
    this.us = us;
    if (kind === "end") return this.end(why);
    const side = kind === "in" ? this.up : this.down;
    const feed = kind === "in" ? this.feedUp : this.feedDown;
    this.passed = length;
    side.rest = join(side.rest, bytes);
    feed.call(this);
    if (length > bytes.length) this.skip(side, length - bytes.length);
  }

  /** Some passages were not told at all. */
  missed() {
    for (const side of [this.up, this.down]) this.lose(side);
    this.frames?.up.skip(Infinity);
    this.frames?.down.skip(Infinity);
  }

  lose(side) {
    side.rest = new Uint8Array();
    if (side.state === "frames") return;
    if (side === this.down && side.state === "chunk-data" && side.body.kept.length > 0) {
      // What was kept of it is shown all the same.
      const { kept, length } = side.body;
      this.piece(utf8(new Uint8Array(kept)), [side.size], side.size.text.length + length, null, length - kept.length);
    }
    if (side === this.down && this.body) this.body.reader = reader(this.body.kind);
    side.state = side.state.includes("chunk") ? "lost-chunk" : "lost";
  }

  skip(side, count) {
    const body = side.body;
    if (side.state === "frames") {
      this.frames[side === this.up ? "up" : "down"].skip(count);
    } else if ((side.state === "body" || side.state === "chunk-data") && body.read + count <= body.length) {
      body.read += count;
      this.feed(side);
    } else {
      this.lose(side);
      if (side === this.down) this.cross("down", "answer", `${count} bytes more, not kept`, [], { bytes: count, heading: "bytes that passed in one piece with these, and were not kept" });
    }
  }

  feed(side) {
    if (side === this.up) this.feedUp();
    else this.feedDown();
  }

  cross(way, kind, label, parts, more = {}) {
    this.onCrossing({ n: this.n, us: this.us, way, kind, label, parts, target: this.request?.target, ...more });
  }

  // Browser to server.

  feedUp() {
    const side = this.up;
    for (;;) {
      if (side.state === "frames") {
        side.rest = this.frames.up.feed(side.rest);
        return;
      }
      if (side.state === "lost") {
        if (!/^[A-Z]+ \//.test(ascii(side.rest.subarray(0, 16)))) {
          side.rest = new Uint8Array();
          return;
        }
        side.state = "head";
      }
      if (side.state === "head") {
        const end = endOfHead(side.rest);
        if (end < 0) return;
        const { parts, fields, start } = readHead(ascii(side.rest.subarray(0, end)), "request-line");
        side.rest = side.rest.slice(end);
        const [method, target = ""] = start.split(" ");
        this.request = { method, target, fields, parts, us: this.us, bytes: end };
        this.answered = false;
        const length = Number(fields["content-length"] ?? 0);
        side.body = { length, read: 0, kept: [] };
        side.state = "body";
      }
      if (!this.takeBody(side)) return;
      this.requested(side);
      side.state = "head";
      if (side.rest.length === 0) return;
    }
  }

  requested(side) {
    const { request } = this;
    const parts = [...request.parts];
    const body = utf8(new Uint8Array(side.body.kept));
    const [path, query] = request.target.split("?");
    const isPackets = /^\/(engine|socket)\.io\//.test(path);
    // What the reader knows a request by: what they said in it, or where it goes on.
    const known = isPackets ? start30(body) : saying(body);
    const start = `${request.method} ${isPackets || !query ? path : request.target}`;
    if (body) {
      parts.push(...(isPackets ? readPackets(body, request.target.startsWith("/socket.io")).parts : [{ name: "body", text: body }]));
    }
    this.cross("up", "request", known ? `${start}: ${known}` : start, parts, {
      bytes: request.bytes + side.body.length,
      referer: request.fields.referer,
      cursor: request.fields["last-event-id"] ?? new URLSearchParams(query).get("after"),
    });
  }

  /** Takes bytes of a body of known length. True when it is whole. */
  takeBody(side) {
    const { body } = side;
    const taken = side.rest.subarray(0, body.length - body.read);
    for (const byte of taken.subarray(0, Math.max(0, KEPT - body.kept.length))) body.kept.push(byte);
    body.read += taken.length;
    side.rest = side.rest.slice(taken.length);
    return body.read >= body.length;
  }

  // Server to browser.

  feedDown() {
    const side = this.down;
    while (side.rest.length > 0 || side.state === "body" || side.state === "chunk-data") {
      if (!this.stepDown(side)) return;
    }
  }

  /** One step of the answer; false when more bytes are needed. */
  stepDown(side) {
    switch (side.state) {
      case "frames":
        side.rest = this.frames.down.feed(side.rest);
        return false;
      case "lost":
        if (ascii(side.rest.subarray(0, 7)) !== "HTTP/1.") return this.drop(side);
        side.state = "head";
        return true;
      case "lost-chunk":
        if (!CHUNK.test(ascii(side.rest.subarray(0, 10)))) return this.drop(side);
        side.state = "chunk-size";
        return true;
      case "head":
        return this.stepHead(side);
      case "body":
        if (!this.takeBody(side)) return false;
        this.answer(side);
        side.state = "head";
        return side.rest.length > 0;
      case "until-end":
        this.piece(utf8(side.rest), [], side.rest.length);
        return this.drop(side);
      default:
        return this.stepChunk(side);
    }
  }

  drop(side) {
    side.rest = new Uint8Array();
    return false;
  }

  stepHead(side) {
    const end = endOfHead(side.rest);
    if (end < 0) return false;
    const { parts, fields, start } = readHead(ascii(side.rest.subarray(0, end)), "status-line");
    side.rest = side.rest.slice(end);
    const status = Number(start.split(" ")[1]);
    const target = this.request?.target ?? "";
    this.head = { parts, status, bytes: end };
    const kind = kindOf(fields["content-type"] ?? "", target);
    this.body = { kind, reader: reader(kind), stream: false };
    this.head.words = start.split(" ").slice(1).join(" ");
    if (status === 101) {
      this.answered = true;
      this.cross("down", "handshake", "101 Switching Protocols", parts, { bytes: end });
      this.upgrade();
      return true;
    }
    if (status < 200) {
      this.cross("down", "answer", start.slice(9), parts, { bytes: end });
      return true;
    }
    const noBody = status === 204 || status === 304 || this.request?.method === "HEAD";
    if (!noBody && fields["transfer-encoding"] === "chunked") return this.openStream(side, "chunk-size");
    if (!noBody && fields["content-length"] === undefined) return this.openStream(side, "until-end");
    side.body = { length: noBody ? 0 : Number(fields["content-length"]), read: 0, kept: [] };
    side.state = "body";
    return true;
  }

  openStream(side, state) {
    this.answered = true;
    this.body.stream = true;
    side.state = state;
    this.cross("down", "open", `${this.head.status}, and it stays open`, this.head.parts, { bytes: this.head.bytes });
    return true;
  }

  answer(side) {
    const { head, body } = this;
    const text = utf8(new Uint8Array(side.body.kept));
    const found = body.reader.read(text);
    const left = side.body.length - side.body.kept.length;
    const parts = side.body.length > 0 ? [...head.parts, ...found.parts] : head.parts;
    const path = this.request?.target.split("?")[0] ?? "";
    const isPoll = /\/(messages|parked|jsonp|iframe)$/.test(path);
    const isSession = /^\/(engine|socket)\.io\//.test(path) || path.startsWith("/mistakes/socket-io/");
    // The sign-in's answer is one word; that it still waits is no news.
    const state = /^\{"state":"(\w+)"\}$/.exec(text)?.[1];
    const waits = state === "waiting";
    const news = head.status < 300 && (((isPoll || isSession) && found.messages > 0) || (state && !waits));
    const id = news ? found.ids.at(-1) : undefined;
    // An answer that says something, and no message: an error, the id of what was published, a session's first packet.
    const nothing = head.status === 204 || (head.status < 300 && ((isPoll && !found.gap) || (isSession && text === "6") || waits));
    const kind = news ? "message" : nothing ? "empty" : "answer";
    const packets = isSession && head.status < 300 ? start30(text) : "";
    const more = found.ids.length > 1 ? ` and ${found.ids.length - 1} before it` : "";
    const label = state ?? (news ? (id ? id + more : packets || "news") : nothing ? packets || String(head.status) : found.gap ? "gap" : packets || head.words);
    this.answered = true;
    this.cross("down", kind, label, parts, {
      id,
      says: id && found.says,
      bytes: head.bytes + side.body.length,
      left: left > 0 ? left : 0,
      count: found.messages,
    });
  }

  stepChunk(side) {
    if (side.state === "chunk-size") {
      const end = side.rest.indexOf(10);
      if (end < 0) return false;
      const line = ascii(side.rest.subarray(0, end + 1));
      const length = Number.parseInt(line, 16);
      side.rest = side.rest.slice(end + 1);
      side.size = { name: length === 0 ? "last-chunk" : "chunk-size", text: line, words: length > 0 ? `the chunk's length: ${line.trim()} in hex is ${length}` : undefined };
      // The line end behind the chunk is taken with it.
      side.body = { length: length + 2, read: 0, kept: [] };
      side.state = "chunk-data";
      return true;
    }
    if (!this.takeBody(side)) return false;
    const { kept, length } = side.body;
    const whole = kept.length === length;
    const text = utf8(new Uint8Array(whole ? kept.slice(0, -2) : kept));
    const end = { name: "chunk-end", text: "\r\n" };
    if (length === 2) {
      // The connection may go on: only this body ends (RFC 9112, section 7.1).
      const none = { ...end, words: "no trailer fields follow: the body ends here" };
      this.cross("down", "close", "the last chunk", [side.size, none], { bytes: 5, heading: "the last chunk, the end of the body" });
      side.state = "head";
      return true;
    }
    side.state = "chunk-size";
    this.piece(text, [side.size], side.size.text.length + length, end, length - kept.length);
    return true;
  }

  /** A piece of an answer that goes on. */
  piece(text, before, bytes, end, left = 0) {
    const found = this.body.reader.read(text);
    const shown = left > 0 ? found.parts.map(notKept) : found.parts;
    const parts = [...before, ...shown, ...(end ? [end] : [])];
    const id = found.ids.at(-1);
    const kind = found.heartbeat ? "heartbeat" : found.messages > 0 ? "message" : "answer";
    const heading = kind === "answer" ? (found.gap ? "the gap notice" : left > 0 ? "a piece of the answer, not kept whole" : "a piece of the answer, no message yet") : undefined;
    const label = found.heartbeat ? "heartbeat" : found.gap && found.messages === 0 ? "gap" : (id ?? text.trim().slice(0, 30));
    // Without an id the text itself is what the arrow is known by.
    const says = id ? found.says : undefined;
    this.cross("down", kind, found.messages > 0 && !id ? (found.says ?? label) : label, parts, { id, says, bytes, left, count: found.messages, heading });
    // Of a piece that was not kept whole nobody knows in which line the next one begins.
    if (left > 0) this.body.reader = reader(this.body.kind);
  }

  // After a 101.

  upgrade() {
    const frames = (way) => new Frames(way === "up", (frame) => this.frame(way, frame));
    this.frames = { up: frames("up"), down: frames("down") };
    this.up.state = "frames";
    this.down.state = "frames";
  }

  frame(way, { header, parts, payload, skipped }) {
    const { opcode, length, size } = header;
    const bytes = size + length;
    const target = this.request?.target ?? "";
    const io = /^\/(engine|socket)\.io\//.exec(target)?.[1];
    const text = opcode === 1 ? utf8(payload) : "";
    if (opcode === 1 && io) {
      const found = readPackets(text, io === "socket");
      const kind = found.heartbeat ? "heartbeat" : way === "up" ? "frame" : "message";
      this.cross(way, kind, text.slice(0, 30), [...parts, ...found.parts], { bytes, left: skipped });
      return;
    }
    const all = [...parts, ...payloadParts(opcode, payload)];
    const id = /^\{"id":"([a-z0-9]{1,16}-\d+)"/.exec(text)?.[1];
    const kind = opcode === 8 ? "close" : opcode > 8 ? "heartbeat" : way === "up" ? "frame" : "message";
    const names = { 2: `${length} bytes`, 8: "Close", 9: "ping", 10: "pong" };
    const says = saying(text);
    this.cross(way, kind, names[opcode] ?? id ?? says ?? text.slice(0, 30), all, { id, says: id && says, bytes, left: skipped });
  }

  // The end.

  end(why) {
    const waiting = this.request && this.answered === false;
    const kind = why === "Cut" ? "cut" : waiting ? "lost" : "end";
    this.cross("end", kind, why, [], { bytes: 0, waiting });
  }
}
