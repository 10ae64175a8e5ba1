// The ladder beside a demo: it draws each crossing as it comes, follows the time, and can be frozen, scrolled and picked.

import { KINDS, Layout, hatching } from "./ladder.js";

const SVG = "http://www.w3.org/2000/svg";
/** Arrows that are kept. Of what is older, only the page's log tells. */
const KEPT = 500;
/** An arrow this near to where one points is meant, in pixels. */
const REACH = 20;
/** How often the lanes and bars grow; and how often when all that changes is how long nothing crossed. */
const EVERY_MS = 200;
const IDLE_EVERY = 5;

function element({ tag, attributes, text, inside = [] }) {
  const it = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) it.setAttribute(name, value);
  if (text !== undefined) it.textContent = text;
  it.append(...inside.map(element));
  return it;
}

/** A still drawing as an element. */
export const drawn = element;

const WAYS = { up: "browser to server", down: "server to browser", end: "" };

/** The ladder in `box`. `clock()` is the time now in seconds; `pick(crossing)` is told what the reader picks. */
export class LiveLadder {
  constructor(box, { clock, pick }) {
    Object.assign(this, { box, clock, pick });
    this.layout = new Layout({ hatch: "hatch-live" });
    this.crossings = [];
    this.groups = [];
    this.frozen = false;
    this.heldBack = [];
    this.moving = element({ tag: "g", attributes: {} });
    this.still = element({ tag: "g", attributes: {} });
    this.svg = element({ tag: "svg", attributes: { class: "ladder-drawing", "aria-hidden": "true" } });
    // Above all lines, so that none goes through a word.
    this.words = element({ tag: "g", attributes: {} });
    this.svg.append(element(hatching("hatch-live")), this.moving, this.still, this.words);
    this.scroller = box.querySelector(".ladder-scroll");
    this.list = box.querySelector(".ladder-list");
    this.scroller.append(this.svg);
    this.svg.addEventListener("click", (event) => this.clicked(event));
    // A reader who scrolled back wants to stay there.
    this.scroller.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.scroller;
      // Its place became smaller, and nobody scrolled.
      if (clientHeight !== this.height) return;
      this.away = scrollHeight - scrollTop - clientHeight > 40;
    });
    // An arrow that a step names is not to run away.
    this.svg.addEventListener("hold", () => (this.held = true));
    this.top = 0;
    this.frame();
    new ResizeObserver(() => {
      this.fit();
      this.frame();
      // What is looked at stays in sight when its place gets smaller, as for the bytes.
      if (this.away && this.picked?.isConnected) this.show(this.picked);
    }).observe(this.scroller);
    // Bars grow and gaps open while nothing crosses, so that somebody has to look at the clock.
    let ticks = 0;
    setInterval(() => {
      ticks += 1;
      if (!document.hidden && (this.layout.moves(this.clock()) || ticks % IDLE_EVERY === 0)) this.frame();
    }, EVERY_MS);
  }

  add(crossing) {
    if (this.frozen) {
      this.heldBack.push(crossing);
      if (this.heldBack.length > KEPT) this.heldBack.shift();
      return;
    }
    this.crossings.push(crossing);
    if (this.crossings.length > KEPT) this.crossings.shift();
    this.put(crossing);
    this.tell(crossing);
  }

  put(crossing) {
    this.box.querySelector(".ladder-empty")?.remove();
    const { mark, merged, shapes } = this.layout.add(crossing);
    const group = element({ tag: "g", attributes: {} });
    this.draw(group, shapes);
    this.still.append(group);
    if (merged) {
      this.draw(merged.group, this.layout.arrow(merged));
      merged.crossings.push(crossing);
      if (merged.crossings.length > 20) merged.crossings.shift();
      crossing.mark = merged;
    } else if (mark) {
      mark.group = group;
      mark.crossings = [crossing];
      crossing.mark = mark;
      group.setAttribute("class", `crossing new ${mark.kind}`);
      group.mark = mark;
      this.groups.push(group);
    }
    if (this.groups.length > KEPT) this.forget(this.groups.length - KEPT);
  }

  /** Draws shapes into a group, their words into the layer above. */
  draw(group, shapes) {
    group.words?.remove();
    group.words = element({ tag: "g", attributes: {}, inside: shapes.filter(({ tag }) => tag === "text") });
    group.words.owner = group;
    group.replaceChildren(...shapes.filter(({ tag }) => tag !== "text").map(element));
    this.words.append(group.words);
  }

  /** The same in words, for those who do not see it. */
  tell({ time, way, kind, label, says }) {
    if (kind === "end") return;
    const item = document.createElement("li");
    item.textContent = `${time.toFixed(1)} s${WAYS[way] && `, ${WAYS[way]}`}: ${KINDS[kind]}${label ? `, ${label}` : ""}${says ? `, ${says}` : ""}`;
    this.list.append(item);
    while (this.list.children.length > KEPT) this.list.firstElementChild.remove();
  }

  forget(count) {
    for (const group of this.groups.splice(0, count)) {
      while (this.still.firstElementChild !== group) this.remove(this.still.firstElementChild);
      this.remove(group);
    }
    this.top = Math.max(0, this.groups[0].mark.y - 20);
  }

  remove(group) {
    group.words.remove();
    group.remove();
  }

  /** As wide as its place. In another width it is drawn anew, so that words keep their size and a second its 40 pixels. */
  fit() {
    const width = this.scroller.clientWidth;
    if (this.frozen || width === 0 || width === this.layout.width) return;
    const { slant } = this.layout;
    this.layout = new Layout({ width, hatch: "hatch-live" });
    this.layout.slant = slant;
    this.still.replaceChildren();
    this.words.replaceChildren();
    this.groups = [];
    this.top = 0;
    for (const crossing of this.crossings) this.put(crossing);
    this.frame();
  }

  /** Draws what is true now. */
  frame() {
    if (this.frozen || !this.box.isConnected) return;
    const { y, shapes } = this.layout.now(this.clock());
    this.moving.replaceChildren(...shapes.map(element));
    const height = Math.ceil(y - this.top + 18);
    this.svg.setAttribute("viewBox", `0 ${this.top} ${this.layout.width} ${height}`);
    this.svg.setAttribute("height", height);
    this.height = this.scroller.clientHeight;
    if (!this.away && !this.held) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  freeze(frozen) {
    this.frozen = frozen;
    if (frozen) return;
    for (const crossing of this.heldBack.splice(0)) this.add(crossing);
    this.fit();
    this.follow();
  }

  follow() {
    this.away = false;
    this.held = false;
    this.picked?.classList.remove("picked");
    this.frame();
  }

  /** The arrow whose words the reader pointed at, or else the nearest; a finger hits no line. */
  clicked({ target, clientX, clientY }) {
    const own = target.closest("g")?.owner;
    if (own?.mark) {
      this.choose(own);
      return;
    }
    const { left, top } = this.svg.getBoundingClientRect();
    const x = Math.min(1, Math.max(0, (clientX - left - this.layout.left) / (this.layout.right - this.layout.left)));
    const far = ({ mark: { way, y } }) => {
      const part = { up: x, down: 1 - x }[way] ?? 0;
      return Math.abs(y + part * this.layout.slant - this.top - (clientY - top));
    };
    const nearest = this.groups.reduce((best, group) => (best && far(best) <= far(group) ? best : group), null);
    if (nearest && far(nearest) <= REACH) this.choose(nearest);
  }

  /** The arrow before or after the one that is picked. */
  step(by) {
    const at = this.groups.indexOf(this.picked);
    const next = at < 0 ? this.groups.length - 1 : Math.min(this.groups.length - 1, Math.max(0, at + by));
    if (this.groups[next]) this.choose(this.groups[next]);
  }

  choose(group) {
    this.show(group);
    this.pick(group.mark.crossings[0]);
  }

  /** Marks the arrow of a crossing. */
  mark(group) {
    this.picked?.classList.remove("picked");
    this.picked = group;
    group.classList.add("picked");
  }

  /** Marks it, and brings it into sight. */
  show(group) {
    this.mark(group);
    const y = group.mark.y - this.top;
    this.away = true;
    this.scroller.scrollTop = y - this.scroller.clientHeight / 2;
  }
}
