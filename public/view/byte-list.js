// The wire view: the bytes of each crossing, part by part, in colours and in plain words.

import { KINDS } from "./ladder.js";
import { explain } from "./glossary.js";

/** Entries that are kept in the page. */
const KEPT = 300;
/** Entries drawn at once; of more that came meanwhile, it is said how many. */
const AT_ONCE = 25;
/** Of a part, so many letters are shown. */
const LETTERS = 600;
/** An entry with more parts than this is closed until it is opened. */
const OPEN_PARTS = 8;

const make = (tag, className, text) => {
  const it = document.createElement(tag);
  if (className) it.className = className;
  if (text !== undefined) it.textContent = text;
  return it;
};

/** Line ends and other unseen bytes, made visible. */
export function visible(text) {
  const shown = text.length > LETTERS ? `${text.slice(0, LETTERS)}…` : text;
  return shown
    .replace(/\r/g, "\\r")
    .replace(/\n/g, "\\n")
    .replace(/\x1e/g, "\\x1e")
    .replace(/[\0-\x1f\x7f]/g, "·");
}

const number = new Intl.NumberFormat("en");
const counted = (count, what) => `${number.format(count)} ${what}${count === 1 ? "" : "s"}`;

export class ByteList {
  constructor(box, { pick }) {
    this.box = box;
    this.pick = pick;
    this.list = box.querySelector(".wire-list");
    this.totals = box.querySelector(".wire-totals");
    this.waiting = [];
    this.skipped = 0;
    this.paused = false;
    this.sums = { requests: 0, up: 0, down: 0, messages: 0 };
    this.last = null;
    this.pointed = null;
    this.planned = false;
  }

  add(crossing) {
    if (crossing.kind === "request") this.sums.requests += 1;
    if (crossing.kind === "message") this.sums.messages += crossing.count ?? 1;
    if (crossing.way !== "end") this.sums[crossing.way] += crossing.bytes;
    this.waiting.push(crossing);
    if (this.paused && this.waiting.length > KEPT) {
      this.waiting.shift();
      this.skipped += 1;
    }
    this.plan();
  }

  /** Some bytes were not told to us: say so. */
  note(words) {
    this.waiting.push({ note: words });
    this.plan();
  }

  plan() {
    if (this.planned) return;
    this.planned = true;
    // A page that is not seen gets no frames; a timer it does get, once a second.
    setTimeout(() => {
      this.planned = false;
      this.draw();
    }, 60);
  }

  draw() {
    const { requests, up, down, messages } = this.sums;
    this.totals.textContent = `${number.format(up)} up, ${number.format(down)} down; ${counted(requests, "request")}, ${counted(messages, "message")}`;
    if (this.paused) return;
    if (this.waiting.length > AT_ONCE) {
      this.skipped += this.waiting.length - AT_ONCE;
      this.waiting.splice(0, this.waiting.length - AT_ONCE);
    }
    if (this.skipped > 0) {
      this.list.append(make("li", "wire-note", `${number.format(this.skipped)} more passed too fast to be shown`));
      this.skipped = 0;
    }
    const atEnd = this.atEnd();
    for (const crossing of this.waiting.splice(0)) this.show(crossing);
    while (this.list.children.length > KEPT) this.list.firstElementChild.remove();
    if (atEnd) this.follow();
  }

  atEnd() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 40;
  }

  /** Shows the newest. */
  follow() {
    this.list.scrollTop = this.list.scrollHeight;
  }

  pause(paused) {
    this.paused = paused;
    if (!paused) {
      this.draw();
      this.follow();
    }
  }

  /** While paused: the next one that waits. */
  step() {
    const next = this.waiting.shift();
    if (next) {
      this.show(next);
      this.follow();
    }
    return Boolean(next);
  }

  show(crossing) {
    const item = make("li");
    if (crossing.note) {
      item.className = "wire-note";
      item.textContent = crossing.note;
      this.list.append(item);
      return;
    }
    const { n, time, way, kind, heading, parts, bytes, left, label } = crossing;
    item.className = way === "end" ? "wire-end" : way;
    const since = this.last === null ? "" : `+${(time - this.last).toFixed(3)} s`;
    this.last = time;
    const arrow = { up: "→", down: "←", end: "×" }[way];
    const ended = n === undefined ? label : `connection ${n} ended${label && `: ${label}`}`;
    const words = way === "end" ? ended : `${heading ?? KINDS[kind]}, ${number.format(bytes)} bytes`;
    const details = make("details");
    const summary = make("summary");
    summary.append(make("span", "wire-time", since), make("b", "wire-way", arrow), make("span", "wire-kind", ` ${words} `));
    if (way !== "end") summary.append(make("span", "wire-n", `connection ${n}`));
    details.append(summary);
    details.open = parts.length > 0 && parts.length <= OPEN_PARTS;
    if (parts.length > OPEN_PARTS) summary.append(make("code", "wire-first", visible(parts[0].text)));
    const body = make("dl");
    for (const one of parts) body.append(...this.part(one, way));
    if (left > 0) body.append(make("dd", "wire-left", `… and ${number.format(left)} bytes more, which are not shown`));
    details.append(body);
    item.append(details);
    item.crossing = crossing;
    crossing.item = item;
    summary.addEventListener("click", () => this.pick(crossing));
    this.list.append(item);
    if (this.pointed) this.mark(item);
  }

  part(one, way) {
    const { name, field, text } = one;
    const bytes = make("dt");
    bytes.append(make("code", `part ${name}`, visible(text)));
    bytes.dataset.part = field ? `field-${field}` : name;
    return [bytes, make("dd", "", explain(one, way))];
  }

  /** Shows the bytes of a crossing that was picked on the ladder. */
  choose(crossing) {
    // It may have passed a moment ago.
    if (!crossing.item) this.draw();
    const { item } = crossing;
    this.chosen?.classList.remove("picked");
    if (!item?.isConnected) return false;
    this.chosen = item;
    item.classList.add("picked");
    item.querySelector("details").open = true;
    this.list.scrollTop = item.offsetTop - this.list.offsetTop;
    return true;
  }

  /** A text points at a part by its name: marks all there are, and shows the last one, or the last that is `words`. */
  point(name, words) {
    this.pointed = name;
    for (const item of this.list.children) this.mark(item);
    const all = [...this.list.querySelectorAll(".pointed")];
    const last = all.findLast((it) => it.textContent === words) ?? all.at(-1);
    if (last) {
      last.closest("details").open = true;
      const { top, height } = last.getBoundingClientRect();
      const above = Math.max(0, Math.min(this.list.clientHeight / 3, this.list.clientHeight - height));
      this.list.scrollTop += top - this.list.getBoundingClientRect().top - above;
    }
    return Boolean(last);
  }

  /** `up-` or `down-` in front of a name means: one way only. */
  mark(item) {
    let found = false;
    const [, way, name] = /^(?:(up|down)-)?(.*)$/.exec(this.pointed);
    const passed = !way || item.className.split(" ").includes(way);
    for (const bytes of item.querySelectorAll("[data-part]")) {
      const here = passed && bytes.dataset.part === name;
      bytes.classList.toggle("pointed", here);
      found ||= here;
    }
    return found;
  }
}
