// The drawing of a lane: ten seconds, as a railway draws its trains. A message leaves at the upper edge when it is published
// and arrives at the lower edge: the slant is the delay. All lanes have the same time.

import { SHOWN_MS } from "./lane.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1000;
const HEIGHT = 100;
const LATE_MS = 1000;
/** Where the lower edge is; what the lane asked stands there, too. */
const FOOT = 84;
const KINDS = ["second", "there", "asked", "down", "late", "end"];

export class Drawing {
  constructor(lane, place) {
    this.lane = lane;
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    this.paths = Object.fromEntries(
      KINDS.map((kind) => {
        const path = document.createElementNS(SVG, "path");
        path.setAttribute("class", kind);
        svg.append(path);
        return [kind, path];
      }),
    );
    this.drawn = {};
    place.append(svg);
  }

  /** As it is at `now`. */
  draw(now) {
    const { lane } = this;
    const begin = now - SHOWN_MS;
    const x = (time) => Math.round(((time - begin) / SHOWN_MS) * WIDTH * 10) / 10;
    const since = (time) => x(Math.max(time, begin));
    while (lane.came[0]?.to < begin) lane.came.shift();
    while (lane.asked[0] < begin) lane.asked.shift();
    while (lane.there[0] && (lane.there[0].to ?? now) < begin) lane.there.shift();
    const seconds = Array.from({ length: 10 }, (_, n) => (Math.ceil(begin / 1000) + n) * 1000);
    const slant = ({ from, to }) => `M${x(from)} 6L${x(to)} ${FOOT}`;
    const isLate = ({ from, to }) => to - from > LATE_MS;
    const all = {
      second: seconds.map((time) => `M${x(time)} 0V${HEIGHT}`),
      there: lane.stays ? lane.there.map(({ from, to }) => `M${since(from)} ${FOOT}H${x(to ?? now)}`) : [],
      asked: lane.asked.map((time) => `M${x(time)} ${HEIGHT}V${FOOT - 18}`),
      down: lane.came.filter((it) => !isLate(it)).map(slant),
      late: lane.came.filter(isLate).map(slant),
      end: lane.came.map(({ to }) => `M${x(to)} ${FOOT}h0`),
    };
    for (const [kind, parts] of Object.entries(all)) {
      const d = parts.join("");
      if (this.drawn[kind] === d) continue;
      this.drawn[kind] = d;
      this.paths[kind].setAttribute("d", d);
    }
  }
}
