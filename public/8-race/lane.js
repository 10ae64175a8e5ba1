// One lane of the race: what came by one technique, when, and what it cost.

import { reconnecting } from "/shared/reconnect.js";

/** How much of the past the drawing shows. */
export const SHOWN_MS = 10_000;
/** Delays that are kept, for the median. */
const KEPT = 5000;

export class Lane {
  /**
   * `name` as the load program has it, `words` for people, `holds` connections of the six while it is on. `run(lane,
   * signal)` listens until `signal` is aborted. `race.arrived(lane, message)` is told what came.
   */
  constructor({ name, words, short, holds, run, on = false, stays = true }, race) {
    Object.assign(this, { name, words, short, holds, run, stays, race, atStart: on });
    this.running = null;
    /** What it says of itself while it is not well. */
    this.state = "";
    this.line = reconnecting(() => this.cursor, { error: (state) => this.say(state), note: () => this.say(""), log: () => {} });
    this.clear();
  }

  get on() {
    return this.running !== null;
  }

  /** Begins to count anew. What is open stays open. */
  clear() {
    Object.assign(this, { messages: 0, last: null, foreign: false, delays: [], requests: 0, up: 0, down: 0, least: false });
    /** For the drawing: `{from, to}` of each message, when it asked, and since when and until when it was there. */
    this.came = [];
    this.asked = [];
    this.there = this.there?.filter((span) => span.to === null) ?? [];
  }

  start() {
    this.running = new AbortController();
    this.cursor = null;
    this.since = Infinity;
    this.gapAt = -Infinity;
    this.begin(this.running.signal);
  }

  stop() {
    this.running.abort();
    this.running = null;
    this.line.stop();
    this.away();
    this.say("");
  }

  /** Every lane begins with the same question: which message is the newest? So from here on it can miss none unseen. */
  async begin(signal) {
    while (this.cursor === null) {
      try {
        this.take(await this.ask("/short-polling/messages", signal));
      } catch (error) {
        if (signal.aborted || !(await this.lost(error.message))) return;
      }
      if (signal.aborted) return;
    }
    this.since = performance.now();
    await this.run(this, signal);
  }

  /** Asks a question that is answered with `{messages, last_id, gap?}`. The lane's name goes along, to know its bytes again. */
  async ask(path, signal) {
    this.noteAsked();
    const response = await fetch(this.url(path), { signal, cache: "no-store" });
    // A wait that ran out without news.
    if (response.status === 204) return { messages: [], last_id: response.headers.get("Last-Event-ID") };
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return response.json();
  }

  url(path) {
    const url = new URL(path, location.href);
    if (this.cursor) url.searchParams.set("after", this.cursor);
    url.searchParams.set("lane", this.name);
    return url;
  }

  take({ messages, last_id, gap }) {
    if (gap) this.gap();
    for (const message of messages) this.message(message);
    this.cursor = last_id;
  }

  /** A message as lessons 1 to 6 have it. */
  message({ id, data, published_ms }) {
    this.cursor = id;
    this.arrived(data, published_ms);
  }

  arrived(data, publishedMs) {
    this.messages += 1;
    this.race.arrived(this, data, publishedMs);
  }

  /** A message came that left at `from`; `own` if this page published it. */
  delayed(from, to, own) {
    this.last = to - from;
    this.foreign = !own;
    if (own) this.delays.push(this.last);
    if (this.delays.length > KEPT) this.delays.shift();
    this.came.push({ from, to });
  }

  /** The server no longer has all that the lane missed, and says so. */
  gap() {
    this.gapAt = performance.now();
  }

  noteAsked() {
    if (!this.race.seesBytes) this.requests += 1;
    this.asked.push(performance.now());
  }

  /** It can be told now. */
  open() {
    this.line.back();
    this.say("");
    if (this.there.at(-1)?.to !== null) this.there.push({ from: performance.now(), to: null });
  }

  /** It cannot be told now. */
  away() {
    const span = this.there.at(-1);
    if (span?.to === null) span.to = performance.now();
  }

  /** Waits until it is time to try again; false if the lane was switched off meanwhile. */
  lost(why) {
    this.away();
    return this.line.lost(why);
  }

  say(state) {
    this.state = state;
  }

  /** Something that belongs to it crossed. */
  crossed({ kind, way, bytes = 0 }) {
    if (kind === "request") this.requests += 1;
    if (way === "up") this.up += bytes;
    if (way === "down") this.down += bytes;
  }

  /** How many connections of the six it holds now. */
  get held() {
    return this.on ? this.holds : 0;
  }

  get median() {
    const sorted = [...this.delays].sort((a, b) => a - b);
    return sorted.length === 0 ? null : sorted[Math.floor((sorted.length - 1) / 2)];
  }

  get worst() {
    return this.delays.length === 0 ? null : this.delays.reduce((a, b) => Math.max(a, b));
  }

  /** Bytes both ways for each message that came; heads and framing are among them. */
  get bytesEach() {
    return this.messages === 0 ? null : (this.up + this.down) / this.messages;
  }
}
