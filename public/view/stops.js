// The line of stops: one stop is shown at a time, its place is in the address, and keys lead from one to the next.

/** Where an arrow key has work of its own. */
const HAS_KEYS = "input, select, textarea, pre, [role=tab], .table, .ladder-scroll";

export class Line {
  /** `arrived(stop)` is told of each stop that is shown. */
  constructor(lesson, arrived) {
    this.arrived = arrived;
    this.stops = [...lesson.querySelectorAll(".stop")];
    this.mainLine = this.stops.filter((stop) => !stop.dataset.branchOf);
    this.links = [...document.querySelectorAll(".line a")];
    this.foot = document.querySelector(".foot nav");
    this.lessonWays = Object.fromEntries([...this.foot.children].map((link) => [link.rel, link]));
    this.title = document.title;
    for (const stop of this.mainLine) this.addBranches(stop);
    addEventListener("hashchange", () => this.toAddress());
    addEventListener("keydown", (event) => this.key(event));
    // The browser's own search looks into stops that are not shown.
    for (const stop of this.stops) {
      stop.addEventListener("beforematch", () => {
        // An address that leads there does so, too, and is in the history already.
        if (this.addressed() !== stop) history.pushState(null, "", `#${stop.id}`);
        this.show(stop);
      });
    }
  }

  /** The place that the address names. */
  place() {
    return document.getElementById(decodeURIComponent(location.hash.slice(1)));
  }

  /** The stop that the address names, or the one that holds the place it names. */
  addressed() {
    return this.place()?.closest(".stop") ?? this.stops[0];
  }

  toAddress() {
    const [place, stop] = [this.place(), this.addressed()];
    this.show(stop);
    if (place && place !== stop) place.scrollIntoView();
    else stop.parentElement.scrollTop = 0;
  }

  show(stop) {
    if (stop === this.shown) return;
    this.shown = stop;
    for (const other of this.stops) {
      if (other === stop) other.removeAttribute("hidden");
      else other.setAttribute("hidden", "until-found");
    }
    const station = stop.dataset.branchOf ?? stop.id;
    for (const link of this.links) {
      if (link.hash === `#${station}`) link.setAttribute("aria-current", stop.dataset.branchOf ? "true" : "step");
      else link.removeAttribute("aria-current");
    }
    document.title = stop === this.stops[0] ? this.title : `${stop.ariaLabel} · ${this.title}`;
    this.drawFoot();
    this.arrived(stop);
    // A reader of the page by ear or by keyboard goes on where the stop begins.
    if (document.activeElement?.closest(".stop, .foot")) stop.focus({ preventScroll: true });
  }

  /** Marks which stops are finished. */
  finished(ids) {
    for (const link of this.links) link.classList.toggle("finished", ids.includes(link.hash.slice(1)));
  }

  branchesOf(stop) {
    return this.stops.filter(({ dataset }) => dataset.branchOf === stop.id);
  }

  addBranches(stop) {
    const branches = this.branchesOf(stop);
    if (branches.length === 0) return;
    const ways = document.createElement("p");
    ways.className = "branches";
    ways.append("From here: ");
    branches.forEach((branch, n) => ways.append(...(n > 0 ? [" · "] : []), linkTo(branch, branch.ariaLabel)));
    stop.append(ways);
  }

  /** The stops before and after; from a branch back to the line. */
  neighbours() {
    const { branchOf } = this.shown.dataset;
    if (!branchOf) {
      const at = this.mainLine.indexOf(this.shown);
      return [this.mainLine[at - 1], this.mainLine[at + 1]];
    }
    const station = document.getElementById(branchOf);
    const branches = this.branchesOf(station);
    const next = branches[branches.indexOf(this.shown) + 1];
    return [station, next ?? this.mainLine[this.mainLine.indexOf(station) + 1]];
  }

  drawFoot() {
    const [before, after] = this.neighbours();
    const keys = document.createElement("span");
    keys.className = "keys";
    keys.textContent = "keys: ← → stops, n next step";
    const { prev, next } = this.lessonWays;
    const back = before ? linkTo(before, `← ${before.ariaLabel}`, "prev") : (prev ?? document.createElement("span"));
    const on = after ? linkTo(after, `${after.ariaLabel} →`, "next") : (next ?? document.createElement("span"));
    this.foot.replaceChildren(back, keys, on);
  }

  key(event) {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest?.(HAS_KEYS)) return;
    const [before, after] = this.neighbours();
    const to = { ArrowLeft: before, ArrowRight: after }[event.key];
    if (!to) return;
    event.preventDefault();
    location.hash = to.id;
  }
}

function linkTo(stop, words, rel = "") {
  const link = document.createElement("a");
  link.href = `#${stop.id}`;
  link.textContent = words;
  link.rel = rel;
  return link;
}
