// The bytes: of one crossing at a time, part by part, in colours and in plain words. It is the newest, until one is held:
// picked by the reader, pointed at by the text, or the evidence of a step.

import { KINDS } from "./ladder.js";
import { counted } from "/shared/format.js";
import { explain } from "./glossary.js";

/** Entries that are kept in the page. */
const KEPT = 300;
/** Entries drawn at once; of more that came meanwhile, it is said how many. */
const AT_ONCE = 25;
/** Of a part, so many letters are shown. */
const LETTERS = 600;
/** Fields of a head that no lesson is about. They are folded, unless the lesson's text points at them. */
const USUAL = /^(accept-.*|cache-control|connection|content-length|cookie|date|dnt|host|pragma|priority|referer|sec-(ch|fetch|gpc).*|upgrade-insecure-requests|user-agent|vary|x-content-type-options)$/;
/** Fewer are not worth folding. */
const FOLD = 3;

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

export class ByteList {
  /** `pointers`: the names of the parts that the text points at. `came(crossing)` is told when one came that was pointed at in vain. */
  constructor(box, { pointers, came }) {
    Object.assign(this, { box, pointers, came });
    this.awaited = false;
    this.list = box.querySelector(".wire-list");
    this.totals = box.querySelector(".wire-totals");
    this.newer = box.querySelector("#wire-newest");
    this.said = box.querySelector(".wire-note");
    this.waiting = [];
    this.skipped = 0;
    this.sums = { requests: 0, up: 0, down: 0, messages: 0 };
    this.last = null;
    this.pointed = null;
    this.planned = false;
    /** The entry that is shown, and whether it stays when others come. */
    this.shown = null;
    this.held = false;
  }

  add(crossing) {
    if (crossing.kind === "request") this.sums.requests += 1;
    if (crossing.kind === "message") this.sums.messages += crossing.count ?? 1;
    if (crossing.way !== "end") this.sums[crossing.way] += crossing.bytes;
    this.waiting.push(crossing);
    this.plan();
  }

  /** Some bytes are not shown, or were not told to us: say so. */
  note(words) {
    this.said.textContent = words;
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
    if (this.waiting.length > AT_ONCE) {
      this.skipped += this.waiting.length - AT_ONCE;
      this.waiting.splice(0, this.waiting.length - AT_ONCE);
    }
    if (this.skipped > 0) {
      this.note(`${number.format(this.skipped)} more passed too fast to be shown`);
      this.skipped = 0;
    }
    for (const crossing of this.waiting.splice(0)) this.show(crossing);
    while (this.list.children.length > KEPT) {
      if (this.list.firstElementChild === this.shown) this.held = false;
      this.list.firstElementChild.remove();
    }
    if (!this.held) this.follow();
    this.tellNewer();
  }

  /** Shows the newest that is no heartbeat. */
  follow() {
    this.held = false;
    const entries = [...this.list.children];
    const newest = entries.findLast(({ crossing }) => crossing.kind !== "heartbeat") ?? entries.at(-1);
    if (newest) this.display(newest);
  }

  display(item) {
    if (item !== this.shown) {
      this.shown?.classList.remove("shown");
      this.shown = item;
      item.classList.add("shown");
      this.list.scrollTop = 0;
    }
    this.tellNewer();
  }

  tellNewer() {
    const entries = [...this.list.children];
    const newer = entries.length - 1 - entries.indexOf(this.shown);
    this.newer.hidden = !this.held || newer === 0;
    this.newer.textContent = `${number.format(newer)} newer`;
  }

  show(crossing) {
    const item = make("li");
    const { n, time, way, kind, heading, parts, bytes, left, label } = crossing;
    item.className = way === "end" ? "wire-end" : way;
    const since = this.last === null ? "" : `+${(time - this.last).toFixed(3)} s`;
    this.last = time;
    const arrow = { up: "→", down: "←", end: "×" }[way];
    const ended = n === undefined ? label : `connection ${n} ended${label && `: ${label}`}`;
    const words = way === "end" ? ended : `${heading ?? KINDS[kind]}, ${number.format(bytes)} bytes`;
    const summary = make("p", "wire-head");
    summary.append(make("span", "wire-time", since), make("b", "wire-way", arrow), make("span", "wire-kind", ` ${words} `));
    if (way !== "end") summary.append(make("span", "wire-n", `connection ${n}`));
    const body = make("dl");
    const usual = parts.filter((part) => this.isUsual(part, way));
    for (const one of parts) body.append(...this.part(one, way, usual.length >= FOLD && usual.includes(one)));
    if (usual.length >= FOLD) body.append(...this.fold(item, usual.length));
    if (left > 0) body.append(make("dd", "wire-left", `… and ${number.format(left)} bytes more, which are not shown`));
    item.append(summary, body);
    item.crossing = crossing;
    crossing.item = item;
    this.list.append(item);
    if (this.pointed) this.mark(item);
    if (this.awaited && item.querySelector(".pointed")) {
      this.awaited = false;
      this.came(crossing);
    }
  }

  isUsual({ field }, way) {
    return field && USUAL.test(field) && !this.pointers.some((name) => [`field-${field}`, `${way}-field-${field}`].includes(name));
  }

  /** The line that stands for the fields that are folded. */
  fold(item, count) {
    const line = make("dt", "wire-more");
    const button = make("button", "", `${count} more fields`);
    button.addEventListener("click", () => item.classList.add("all"));
    line.append(button);
    return [line, make("dd", "wire-more", "as in every head of this browser or server")];
  }

  part(one, way, folded) {
    const { name, field, text } = one;
    const bytes = make("dt", folded ? "folded" : "");
    bytes.append(make("code", `part ${name}`, visible(text)));
    bytes.dataset.part = field ? `field-${field}` : name;
    return [bytes, make("dd", folded ? "folded" : "", explain(one, way))];
  }

  /** Shows the bytes of a crossing, and stays there. */
  choose(crossing) {
    // It may have passed a moment ago.
    if (!crossing.item) this.draw();
    if (!crossing.item?.isConnected) return false;
    this.held = true;
    this.display(crossing.item);
    return true;
  }

  /**
   * A text points at a part by its name: marks all there are, and shows one, if it can one of the crossing that is looked
   * at, else the first since `from`; of several the one that is `words`. Gives its crossing.
   */
  point(name, words, from) {
    this.draw();
    this.pointed = name;
    this.awaited = false;
    for (const item of this.list.children) this.mark(item);
    const all = [...this.list.querySelectorAll(".pointed")];
    const late = all.filter((it) => it.closest("li").crossing.time >= from);
    const best = (some) => some.find((it) => it.textContent === words) ?? some[0];
    const here = this.held ? all.filter((it) => it.closest("li") === this.shown) : [];
    const first = best(here) ?? best(late) ?? best(all.toReversed());
    this.awaited = !first;
    if (!first) return null;
    const { crossing } = first.closest("li");
    this.choose(crossing);
    this.bring(first);
    return crossing;
  }

  /** Brings a part into sight. */
  bring(part) {
    const { top, height } = part.getBoundingClientRect();
    const above = Math.max(0, Math.min(this.list.clientHeight / 3, this.list.clientHeight - height));
    this.list.scrollTop += top - this.list.getBoundingClientRect().top - above;
  }

  /** `up-` or `down-` in front of a name means: one way only. */
  mark(item) {
    const [, way, name] = /^(?:(up|down)-)?(.*)$/.exec(this.pointed);
    const passed = !way || item.className.split(" ").includes(way);
    for (const bytes of item.querySelectorAll("[data-part]")) {
      const here = passed && bytes.dataset.part === name;
      bytes.classList.toggle("pointed", here);
      if (here && bytes.classList.contains("folded")) item.classList.add("all");
    }
  }
}
