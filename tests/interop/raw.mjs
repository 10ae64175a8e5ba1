// Engine.IO by hand, over plain HTTP and bare WebSockets: what the official client would
// not send. A server that does not answer is an answer, too.

import { request as ask } from "node:http";
import { once } from "node:events";
import { WebSocket } from "ws";
import { SOON, manyAttachments, until } from "./support.mjs";

export const SEPARATOR = "\x1e";
/** Asks whether a session lives; nothing else has this number. */
const PROBE = '4299999["message-with-ack","alive"]';
const ALIVE = '4399999["alive"]';

/**
 * One request on a connection of its own: its status and body, or `cut`, or `late`. The body
 * follows when `ready` has come, if that is given.
 */
export function request(origin, { method = "GET", query, headers = {}, body }, ready) {
  return new Promise((done) => {
    const asked = ask(`${origin}/socket.io/?${query}`, { method, headers, agent: false }, (answer) => {
      const pieces = [];
      answer.on("data", (piece) => pieces.push(piece));
      answer.on("error", () => end({ status: "cut", text: "" }));
      answer.on("end", () => end({ status: answer.statusCode, text: Buffer.concat(pieces).toString() }));
    });
    const late = setTimeout(() => end({ status: "late", text: "" }), SOON);
    const end = (answer) => {
      clearTimeout(late);
      asked.destroy();
      done(answer);
    };
    asked.on("error", () => end({ status: "cut", text: "" }));
    // A WebSocket: nothing more is said by it here.
    asked.on("upgrade", () => end({ status: 101, text: "" }));
    if (ready) asked.on("continue", () => ready().then(() => asked.end(body)));
    else asked.end(body);
  });
}

/** A session that polls. What came is in `packets`: texts, and bytes. */
export class Polling {
  packets = [];
  over = false;

  static async open(origin) {
    const session = new Polling();
    const { text } = await request(origin, { query: "EIO=4&transport=polling" });
    session.origin = origin;
    session.sid = JSON.parse(text.slice(1)).sid;
    return session;
  }

  get query() {
    return `EIO=4&transport=polling&sid=${this.sid}`;
  }

  post(body, more) {
    return request(this.origin, { method: "POST", query: this.query, body, ...more });
  }

  async get() {
    const { status, text } = await request(this.origin, { query: this.query });
    const packets = status === 200 ? text.split(SEPARATOR) : [];
    this.over = status !== 200 || packets.includes("1");
    this.hangs = status === "late";
    this.packets.push(...packets.map((packet) => packet[0] === "b" ? Buffer.from(packet.slice(1), "base64") : packet));
  }

  /** All in one body, as a client sends what has gathered. */
  async send(packets) {
    const body = packets.map((packet) => typeof packet === "string" ? packet : `b${packet.toString("base64")}`);
    await this.post(body.join(SEPARATOR));
  }

  async comes(packet) {
    while (!this.over && !this.packets.some((came) => String(came).startsWith(packet))) await this.get();
  }

  close() {}
}

/** A session by WebSocket, from the start or from `polling` on. */
export class Bare {
  static async open(origin, polling, more = "") {
    const session = new Bare();
    const sid = polling ? `&sid=${polling.sid}` : "";
    const url = `${origin.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket${sid}${more}`;
    session.packets = polling?.packets ?? [];
    session.socket = new WebSocket(url, { perMessageDeflate: false });
    session.socket.on("message", (data, isBinary) => session.packets.push(isBinary ? data : data.toString()));
    await once(session.socket, "open");
    return session;
  }

  get over() {
    return this.socket.readyState !== WebSocket.OPEN;
  }

  /** One behind the other: each is dealt with before the next is sent. */
  async send(packets) {
    for (const packet of packets) {
      if (this.over) return;
      let dealtWith = false;
      this.socket.once("pong", () => (dealtWith = true));
      this.socket.send(packet);
      this.socket.ping();
      await until("a pong, or the end", () => this.over || dealtWith);
    }
  }

  async comes(packet) {
    const is = (came) => String(came).startsWith(packet);
    try {
      await until(packet, () => this.over || this.packets.some(is));
    } catch {
      this.hangs = true;
    }
  }

  close() {
    this.socket.terminate();
  }
}

/** Connects to `/`, and waits until the server has said all that it says then. */
export async function connect(session) {
  await session.send(["40"]);
  await session.comes('42["auth"');
  return session;
}

/** The ways to a session. */
export const TRANSPORTS = {
  "polling": (origin) => Polling.open(origin),
  "WebSocket": (origin) => Bare.open(origin),
  "upgraded": async (origin) => {
    const session = await Bare.open(origin, await Polling.open(origin));
    await session.send(["2probe", "5"]);
    return session;
  },
};

/** Whether a session that is connected lives. */
export async function lives(session) {
  await session.send([PROBE]);
  await session.comes(ALIVE);
  return session.packets.includes(ALIVE) || (session.hangs ? "hangs" : false);
}

/** What packets say to an official client, without what differs from session to session. */
export function meaning(packets) {
  const said = [];
  const decoder = new manyAttachments.Decoder();
  decoder.on("decoded", ({ type, nsp, id, data }) => {
    if (type === 0) data = { ...data, sid: "…" };
    said.push(JSON.stringify([type, nsp, id, data]));
  });
  for (const packet of packets) {
    // The open packet, what only ends a poll or an upgrade, and the answer to the probe.
    if (typeof packet === "string" && (/^(0|1$|6$|3probe$)/.test(packet) || packet === ALIVE)) continue;
    try {
      decoder.add(typeof packet === "string" ? packet.replace(/^4/, "") : packet);
    } catch (error) {
      said.push(`${packet}: ${error.message}`);
    }
  }
  return said;
}
