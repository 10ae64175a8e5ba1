// The ladder: a sequence diagram of what crosses between browser and server. This module draws it for all: live beside
// each demo, still in the texts and on the home page.
//
// Nothing here touches the page: a `Layout` is told of crossings and gives shapes, `{tag, attributes, text?, inside?}`.
// `markup` turns shapes into text; `live-ladder.js` turns them into elements. The grammar:
//
//   request, frame   solid, to the right, filled head       empty, open   to the left, hollow head
//   message          to the left, filled, its id on it      heartbeat     dotted, faint
//   waiting          a hatched bar on the server's lane     stream open   the lanes double
//   handshake        a crossbar over both lanes             close         a T-bar
//   lost             the arrow stops midway with a ×        cut           the lanes break

/** Where the lanes stand, as a part of the width. */
const BROWSER = 0.12;
const SERVER = 0.88;
/** More idle seconds than this fold into a tear. A long poll of five seconds is still drawn whole. */
const FOLD_AFTER = 5.5;
const TEAR = 44;
/** A wait shorter than this is no bar, in seconds. */
const SHORT_WAIT = 0.15;
/** Arrows of one kind nearer than this, in pixels, are drawn as one. */
const MERGE = 3;
/** Connections that are cut within this time, in seconds, are one break. */
const ONE_CUT = 0.1;
/** Room between two arrows of different kinds, in pixels. */
const STEP = 5;
/** So much, in pixels, may what crosses at one moment be drawn apart, for its words and its order; it comes back as time goes on. */
const SPREAD = 90;
/** Room between two labels, in pixels; and the width of a letter. */
const LABEL = 13;
const LETTER = 7.2;
/** A label has room for so many letters at least, for a count; and so many of the last are looked at for the next. */
const COUNT = 4;
const NEIGHBOURS = 12;

const shape = (tag, attributes, more = {}) => ({ tag, attributes, ...more });
const line = (x1, y1, x2, y2, className) => shape("line", { x1, y1, x2, y2, class: className });
const shortened = (words, letters) => (words.length > letters ? `${words.slice(0, letters - 1)}…` : words);
const round = (number) => Math.round(number * 100) / 100;

export const KINDS = {
  request: "request",
  frame: "frame",
  message: "message",
  empty: "empty answer",
  answer: "answer",
  open: "the answer begins and stays open",
  heartbeat: "heartbeat",
  handshake: "101, the protocol changes",
  close: "close",
  lost: "lost",
  cut: "the connection is cut",
};

export class Layout {
  /** `second`: pixels for a second. */
  constructor({ width = 520, second = 40, labels = true, hatch = "hatch" } = {}) {
    Object.assign(this, { width, second, labels, hatch });
    this.left = round(width * BROWSER);
    this.right = round(width * SERVER);
    this.slant = labels ? 4 : 2;
    this.y = 12;
    this.time = null;
    this.lastOf = {};
    this.letters = Math.floor((this.right - this.left - 16) / LETTER);
    this.placed = [];
    this.waiting = new Map();
    this.known = new Set();
    this.spread = 0;
    this.streams = new Map();
    this.cutCursor = false;
    this.lastCut = null;
  }

  /** How far a way of `seconds` slants: at least 4 pixels. */
  delay(seconds) {
    this.slant = Math.max(4, seconds * this.second);
  }

  /** Where `time` (seconds) is, if nothing crosses until then. */
  at(time) {
    if (this.time === null) return this.y;
    const idle = time - this.time;
    return idle > FOLD_AFTER ? this.y + TEAR : this.y + Math.max(0, idle) * this.second;
  }

  /** A crossing at `time`: its shapes, or the earlier group that it was merged into. */
  add(crossing) {
    const { n, way, kind } = crossing;
    // The end of a connection that was idle is nothing that one sees.
    const seen = kind !== "end" || this.waiting.has(n) || this.streams.has(n);
    const shapes = seen ? this.pass(crossing.time) : [];
    if (kind === "end") return { shapes: [...shapes, ...this.ends(crossing)] };
    if (kind === "request" && this.cutCursor && (crossing.cursor ?? "0") !== "0") {
      this.cutCursor = false;
      Object.assign(crossing, { label: `resumes after ${crossing.cursor}`, resumes: true });
    }
    // All connections of a browser are cut in one moment: that is one break.
    if (kind === "cut" && this.lastCut && crossing.time - this.lastCut.time < ONE_CUT) {
      return { merged: this.lastCut.mark, shapes: [...shapes, ...this.ends(crossing, this.lastCut.mark.y - 6)] };
    }
    const last = this.lastOf[way];
    const alike = last && !crossing.resumes && !last.resumes && last.kind === kind && ["message", "frame", "heartbeat", "request", "empty"].includes(kind);
    // Two packets that say different things are drawn apart while there is room. (Messages have ids, which count.)
    const apart = alike && !crossing.id && last.count === 1 && last.words !== crossing.label && this.spread + LABEL <= SPREAD;
    if (alike && !apart && this.y - last.y < MERGE) {
      last.count += 1;
      this.recount(last);
      return { merged: last, shapes: [...shapes, ...this.effects(crossing, last)] };
    }
    if (last && this.y - last.y < STEP && way === this.lastWay) this.y = last.y + STEP;
    // An answer leaves when the question has arrived.
    const asked = way === "down" && this.waiting.get(n);
    if (asked) this.y = Math.max(this.y, asked.y + this.slant);
    // What goes the other way was mostly caused by what came.
    const came = this.lastOf[way === "up" ? "down" : "up"];
    if (came && way !== "end") this.apart(came.y + this.slant);
    this.lastWay = way;
    const mark = { kind, way, y: this.y, count: 1, words: crossing.label, resumes: crossing.resumes };
    Object.assign(mark, this.labelFor(crossing), { y: this.y });
    if (way !== "end") this.lastOf[way] = mark;
    const drawn = [...shapes, ...this.effects(crossing, mark), ...this.arrow(mark)];
    if (kind === "cut") {
      this.lastCut = { mark, time: crossing.time };
      this.y += 10;
    }
    return { mark, shapes: drawn };
  }

  /** Time goes on: ticks, or a tear where nothing crossed for long. */
  pass(time) {
    if (this.time === null) this.time = time;
    const idle = Math.max(0, time - this.time);
    this.spread = Math.max(0, this.spread - idle * this.second);
    const from = this.y;
    const shapes = [];
    if (idle > FOLD_AFTER) {
      this.y += TEAR;
      shapes.push(...this.tear(from + TEAR / 2, idle));
    } else {
      this.y += idle * this.second;
      // A tick each second of the clock, where it falls between the two.
      for (let at = Math.ceil(this.time); at < time; at++) {
        const y = round(from + (at - this.time) * this.second);
        shapes.push(line(this.left - 5, y, this.left, y, "tick"), line(this.right, y, this.right + 5, y, "tick"));
      }
    }
    this.time = Math.max(this.time, time);
    return shapes;
  }

  /** Draws what follows at `y` or below, if not too much was drawn apart already. */
  apart(y) {
    const more = y - this.y;
    if (more <= 0 || this.spread + more > SPREAD) return;
    this.spread += more;
    this.y = y;
  }

  /** The words at an arrow's tail, and at the head of a message what it says: `{label, says, place}`. */
  labelFor({ way, kind, label, says = "", resumes }) {
    const none = { label: "", says: "", place: null };
    if (!this.labels || !label) return none;
    if (kind === "cut") return { ...none, label: label === "Cut" ? "cut" : label };
    const [side, other] = way === "up" ? ["up", "down"] : ["down", "up"];
    const letters = Math.min(Math.max(label.length, COUNT), this.letters);
    const room = this.letters - letters - 2;
    says = room < 4 ? "" : shortened(says, room);
    // Above the arrow's start, or below it where another arrow comes to its end there.
    const came = this.lastOf[other];
    const from = came && came.y + this.slant > this.y - 8 ? LABEL - 1 : -3;
    // Where another label is in the way the arrow is drawn lower, or else the label alone.
    const free = (y) => this.free({ side, y, letters: says ? this.letters : letters });
    this.apart(free(this.y + from) - from);
    const y = free(this.y + from);
    if (y > this.y + LABEL && !resumes) return none;
    const place = { side, y, letters };
    this.placed.push(place);
    // What it says stands on the other side.
    if (says) this.placed.push({ side: other, y, letters: says.length });
    this.placed.splice(0, this.placed.length - NEIGHBOURS);
    return { label, says, place };
  }

  /** The first y, from its own on, at which a label lies on no other. */
  free(label) {
    const below = this.placed.filter((one) => this.collide(one, label)).map((one) => one.y + LABEL);
    return below.length === 0 ? label.y : this.free({ ...label, y: Math.max(...below) });
  }

  collide(one, other) {
    if (Math.abs(one.y - other.y) > LABEL - 0.5) return false;
    return one.side === other.side || one.letters + other.letters + 2 > this.letters;
  }

  /** One more was merged into `mark`: it says how many of what, or where another label is near only how many. */
  recount(mark) {
    const { place, kind, count } = mark;
    if (!place) return;
    mark.counted = `${count} × ${KINDS[kind]}`;
    const letters = Math.max(place.letters, mark.counted.length);
    const others = this.placed.filter((one) => one !== place && one.y !== place.y);
    if (others.some((one) => this.collide(one, { ...place, letters }))) mark.counted = `${count}×`;
    else place.letters = letters;
  }

  /** What a crossing does besides its arrow: bars and doubled lanes end or begin. */
  effects({ n, kind, time }, { y }) {
    const shapes = [];
    const waits = this.waiting.get(n);
    if (!this.known.has(n) && ["message", "frame", "heartbeat"].includes(kind)) {
      // It was opened before anybody looked.
      this.streams.set(n, { y });
      this.cutCursor = false;
    }
    this.known.add(n);
    if (kind === "request") this.waiting.set(n, { y, time });
    else if (waits && ["message", "empty", "answer", "open", "handshake"].includes(kind)) {
      this.waiting.delete(n);
      if (time - waits.time > SHORT_WAIT) shapes.push(this.bar(waits.y, y));
    }
    if (kind === "open" || kind === "handshake") this.streams.set(n, { y });
    if (kind === "cut" || kind === "lost") shapes.push(...this.ends({ n, time }));
    if (kind === "cut") this.cutCursor = true;
    return shapes;
  }

  /** A connection is over: what it drew ends at `y`. */
  ends({ n, time }, y = this.y) {
    const shapes = [];
    const waits = this.waiting.get(n);
    const stream = this.streams.get(n);
    if (waits && time - waits.time > SHORT_WAIT) shapes.push(this.bar(waits.y, y));
    if (stream) shapes.push(...this.doubled(stream.y, y));
    for (const one of [this.waiting, this.known, this.streams]) one.delete(n);
    return shapes;
  }

  /** Whether the drawing grows with the time: not when nothing has crossed yet, or for long. */
  moves(time) {
    return this.time !== null && time - this.time <= FOLD_AFTER;
  }

  /** What is true until something crosses: how far the lanes reach, bars that grow, a gap that is folded. */
  now(time) {
    const y = this.at(time);
    const idle = this.time === null ? 0 : time - this.time;
    const shapes = [line(this.left, 0, this.left, round(y), "lane"), line(this.right, 0, this.right, round(y), "lane")];
    for (const { y: from } of this.streams.values()) shapes.push(...this.doubled(from, y));
    for (const { y: from, time: since } of this.waiting.values()) {
      if (time - since > SHORT_WAIT) shapes.push(this.bar(from, y));
    }
    if (idle > FOLD_AFTER) shapes.push(...this.tear(this.y + TEAR / 2, idle));
    return { y, shapes };
  }

  bar(from, to) {
    return shape("rect", { x: round(this.right - 4), y: round(from), width: 8, height: round(Math.max(1, to - from)), class: "waiting", fill: `url(#${this.hatch})` });
  }

  doubled(from, to) {
    const [y1, y2] = [round(from), round(to)];
    return [line(this.left - 4, y1, this.left - 4, y2, "lane open"), line(this.right + 4, y1, this.right + 4, y2, "lane open")];
  }

  tear(y, idle) {
    const shapes = [];
    for (const x of [this.left, this.right]) {
      shapes.push(shape("rect", { x: x - 8, y: y - 5, width: 16, height: 10, class: "paper" }));
      shapes.push(shape("path", { d: `M${x - 7} ${y - 3}l5 -4l4 6l5 -4M${x - 7} ${y + 5}l5 -4l4 6l5 -4`, class: "tear" }));
    }
    if (this.labels) {
      const words = `${Math.floor(idle)} s`;
      shapes.push(shape("text", { x: round((this.left + this.right) / 2), y: y + 4, class: "tear-label" }, { text: words }));
    }
    return shapes;
  }

  /** The arrow of a mark. Called again when more crossings were merged into it. */
  arrow({ kind, way, y, count, label, says, counted, place }) {
    y = round(y);
    if (kind === "cut") return this.broken(y, label);
    if (kind === "handshake") return this.crossbar(y, label, place);
    const up = way === "up";
    const [from, to] = up ? [this.left, this.right] : [this.right, this.left];
    const end = round(y + this.slant);
    const className = `${up ? "up" : "down"} ${kind}${count > 1 ? " many" : ""}`;
    const inside = [];
    if (kind === "lost") {
      const middle = (from + to) / 2;
      inside.push(line(from, y, middle, round(y + this.slant / 2), className), ...this.cross(middle, round(y + this.slant / 2)));
    } else {
      inside.push(line(from, y, to, end, className), this.head(to, end, up ? 1 : -1, kind, className));
      if (kind === "close") inside.push(line(to, end - 7, to, end + 7, `${className} t-bar`));
    }
    // Where there was no room for words, none come later.
    if (place) {
      const x = up ? from + 8 : from - 8;
      inside.push(shape("text", { x: round(x), y: round(place.y), class: `label ${up ? "up" : "down"}` }, { text: shortened(counted ?? label, this.letters) }));
      if (says && count === 1) inside.push(shape("text", { x: round(to + 12), y: round(place.y), class: "label says" }, { text: says }));
    }
    return inside;
  }

  head(x, y, direction, kind, className) {
    const size = this.labels ? 8 : 4;
    const back = round(x - direction * size);
    const half = size / 2;
    const hollow = kind === "empty" || kind === "answer" || kind === "open";
    return shape("polygon", { points: `${x},${y} ${back},${y - half} ${back},${y + half}`, class: `${className} ${hollow ? "hollow" : "filled"}` });
  }

  cross(x, y) {
    return [line(x - 4, y - 4, x + 4, y + 4, "lost"), line(x - 4, y + 4, x + 4, y - 4, "lost")];
  }

  crossbar(y, label, place) {
    const inside = [line(this.left - 10, y, this.right + 10, y, "crossbar")];
    if (place) {
      inside.push(shape("text", { x: round(this.right - 8), y: round(place.y), class: "crossbar-label" }, { text: label }));
    }
    return inside;
  }

  broken(y, label) {
    const inside = [];
    for (const x of [this.left, this.right]) {
      inside.push(shape("rect", { x: x - 8, y: y - 6, width: 16, height: 12, class: "paper" }), ...this.cross(x, y));
    }
    if (this.labels) inside.push(shape("text", { x: round((this.left + this.right) / 2), y: y + 4, class: "lost-label" }, { text: label }));
    return inside;
  }
}

/** Where hatching comes from: once in each drawing. */
export const hatching = (id) =>
  shape("defs", {}, {
    inside: [
      shape("pattern", { id, width: 4, height: 4, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, {
        inside: [shape("rect", { width: 2, height: 4, class: "hatch" })],
      }),
    ],
  });

/** A still drawing of crossings, as shapes in one `svg`. */
export function still(crossings, { width, second, labels, title, id, until }) {
  const layout = new Layout({ width, second, labels, hatch: id });
  const drawn = [];
  for (const crossing of crossings) {
    drawn.push(...layout.add(crossing).shapes);
  }
  // Words above all lines, so that none goes through a word.
  drawn.sort((a, b) => (a.tag === "text") - (b.tag === "text"));
  const { y, shapes } = layout.now(until ?? layout.time + 0.5);
  const height = Math.ceil(y + 8);
  const names = labels
    ? [
        shape("text", { x: layout.left, y: -6, class: "lane-name" }, { text: "browser" }),
        shape("text", { x: layout.right, y: -6, class: "lane-name" }, { text: "server" }),
      ]
    : [];
  const top = labels ? -22 : 0;
  return shape(
    "svg",
    { class: labels ? "ladder-drawing" : "emblem", viewBox: `0 ${top} ${layout.width} ${height - top}`, role: "img", "aria-label": title },
    { inside: [hatching(id), ...names, ...shapes, ...drawn] },
  );
}

const escape = (text) => String(text).replace(/[&<>"]/g, (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[letter]);

/** Shapes as the text of an SVG. */
export function markup({ tag, attributes, text, inside = [] }) {
  const all = Object.entries(attributes).map(([name, value]) => ` ${name}="${escape(value)}"`).join("");
  return `<${tag}${all}>${text === undefined ? "" : escape(text)}${inside.map(markup).join("")}</${tag}>`;
}
