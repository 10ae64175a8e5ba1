// WebSocket frames out of a stream of bytes (RFC 6455, section 5.2), bit by bit.

import { counted } from "/shared/format.js";

export const OPCODES = { 0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong" };

/** Bytes of a payload that are kept to be shown. */
const KEPT = 2000;

const bits = (byte, from, count) => byte.toString(2).padStart(8, "0").slice(from, from + count);
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** The header at the start of `bytes`: `{size, fin, opcode, masked, length, key}`; null when more is needed. */
export function header(bytes) {
  if (bytes.length < 2) return null;
  const short = bytes[1] & 127;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  const masked = bytes[1] >> 7 === 1;
  const size = 2 + extra + (masked ? 4 : 0);
  if (bytes.length < size) return null;
  let length = short;
  if (extra) length = [...bytes.subarray(2, 2 + extra)].reduce((sum, byte) => sum * 256 + byte, 0);
  const key = masked ? bytes.slice(2 + extra, size) : null;
  return { size, fin: bytes[0] >> 7 === 1, opcode: bytes[0] & 15, masked, length, key };
}

/** Whether a frame from this side may begin so: to find the place again after bytes were missed. */
export function mayBegin(bytes, fromBrowser) {
  const found = header(bytes);
  return Boolean(found) && (bytes[0] & 0x70) === 0 && found.opcode in OPCODES && found.masked === fromBrowser;
}

function reserved(byte) {
  const set = [1, 2, 3].filter((number) => byte & (0x80 >> number)).map((number) => `RSV${number}`);
  return set.length === 0 ? "RSV1, RSV2, RSV3 are 0: no extension is used" : `${set.join(", ")} is 1: it means what an extension says`;
}

/** The parts of a header, each with its bits. */
export function headerParts(bytes, { size, fin, opcode, masked, length, key }) {
  const end = size - (masked ? 4 : 0);
  const more = end > 2 ? ` ${hex(bytes.subarray(2, end))}` : "";
  const parts = [
    { name: "ws-fin", text: bits(bytes[0], 0, 1), words: fin ? "FIN is 1: the last frame of its message" : "FIN is 0: more frames of this message follow" },
    { name: "ws-rsv", text: bits(bytes[0], 1, 3), words: reserved(bytes[0]) },
    { name: "ws-opcode", text: bits(bytes[0], 4, 4), words: `opcode ${opcode}: ${OPCODES[opcode] ?? "not known"}` },
    { name: "ws-masked", text: bits(bytes[1], 0, 1), words: masked ? "MASK is 1: from a browser" : "MASK is 0: from a server" },
    { name: "ws-length", text: bits(bytes[1], 1, 7) + more, words: `${counted(length, "byte")} of payload` },
  ];
  if (masked) parts.push({ name: "ws-key", text: hex(key) });
  return parts;
}

/** Takes frames out of what it is fed. `onFrame({header, parts, payload, skipped})`; `payload` is unmasked, and its start only. */
export class Frames {
  constructor(fromBrowser, onFrame) {
    this.fromBrowser = fromBrowser;
    this.onFrame = onFrame;
    this.current = null;
    this.lost = false;
  }

  /** Takes what it can from `bytes`; gives what is left, to be fed again with more behind it. */
  feed(bytes) {
    if (this.lost) {
      if (!mayBegin(bytes, this.fromBrowser)) return new Uint8Array();
      this.lost = false;
    }
    for (;;) {
      if (!this.current) {
        const found = header(bytes);
        if (!found) return bytes;
        this.current = { header: found, head: bytes.slice(0, found.size), payload: [], read: 0, skipped: 0 };
        bytes = bytes.subarray(found.size);
      }
      const { header: head, payload } = this.current;
      const taken = bytes.subarray(0, head.length - this.current.read);
      for (const byte of taken) {
        if (payload.length >= KEPT) break;
        payload.push(head.key ? byte ^ head.key[payload.length % 4] : byte);
      }
      this.current.read += taken.length;
      bytes = bytes.subarray(taken.length);
      if (this.current.read < head.length) return bytes;
      this.finish();
    }
  }

  /** Bytes passed that nobody kept. */
  skip(count) {
    if (this.current && this.current.read + count <= this.current.header.length) {
      this.current.read += count;
      this.current.skipped += count;
      if (this.current.read === this.current.header.length) this.finish();
      return;
    }
    if (this.current) this.finish();
    this.lost = true;
  }

  finish() {
    const { header: head, head: bytes, payload } = this.current;
    this.current = null;
    this.onFrame({
      header: head,
      parts: headerParts(bytes, head),
      payload: new Uint8Array(payload),
      skipped: head.length - payload.length,
    });
  }
}

/** The parts of a payload that is no text: a Close has a code and a reason; of other bytes the first are shown. */
export function payloadParts(opcode, payload) {
  if (opcode === 8 && payload.length >= 2) {
    const code = payload[0] * 256 + payload[1];
    const parts = [{ name: "ws-code", text: hex(payload.subarray(0, 2)), words: `close code ${code}` }];
    const reason = new TextDecoder().decode(payload.subarray(2));
    if (reason) parts.push({ name: "ws-payload", text: reason, words: "why, in words" });
    return parts;
  }
  if (payload.length === 0) return [];
  if (opcode === 2) {
    const more = payload.length > 32 ? " …" : "";
    return [{ name: "ws-payload", text: hex(payload.subarray(0, 32)) + more, words: "bytes, not text" }];
  }
  return [{ name: "ws-payload", text: new TextDecoder().decode(payload) }];
}
