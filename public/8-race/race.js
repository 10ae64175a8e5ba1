// The race: the lanes, the ledger, and what was published. page.js shows it; steps.js and keep.js ask it.

import { publish } from "/shared/publish.js";
import { cutConnections, watchCrossings } from "/view/view.js";
import { Lane } from "./lane.js";
import { Ledger } from "./ledger.js";
import { WAYS, wayOf } from "./ways.js";

/** A browser opens six connections to one host. Two stay free: for short polls, and for what is published and looked at. */
const MOST_HELD = 4;

/** Tells the steps what was done here. */
export const tell = (what, more = {}) => dispatchEvent(new CustomEvent("race", { detail: { what, at: performance.now(), ...more } }));

class Race {
  constructor() {
    this.seesBytes = document.querySelector("meta[name=wire]")?.content === "on";
    /** Only there has the server's clock the time of ours. */
    this.oneMachine = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
    this.lanes = WAYS.map((way) => new Lane(way, this));
    this.ledger = new Ledger(this.lanes);
    watchCrossings({
      crossed: (crossing) => this.lanes.find(({ name }) => name === wayOf(crossing.target))?.crossed(crossing),
      missed: () => {
        for (const lane of this.lanes) lane.least = true;
      },
    });
  }

  get held() {
    return this.lanes.reduce((sum, lane) => sum + lane.held, 0);
  }

  get on() {
    return this.lanes.filter((lane) => lane.on);
  }

  /** Switches a lane on or off. Gives the words of a refusal, or none. */
  switch(lane, on) {
    if (!on) {
      if (lane.on) lane.stop();
      return "";
    }
    if (this.held + lane.holds > MOST_HELD) {
      const others = this.on.filter(({ holds }) => holds > 0).map(({ words }) => words);
      return `Not switched on: ${lane.words} would hold a fifth connection. A browser has six to one host, and two must stay free. Switch one of these off first: ${others.join(", ")}.`;
    }
    if (!lane.on) lane.start();
    return "";
  }

  // ANCHOR: delay
  async publish(bytes) {
    // The clock starts here: before the POST leaves.
    const { n, data } = this.ledger.next(bytes);
    try {
      this.ledger.acknowledged(n, await publish(data));
    } catch (error) {
      this.ledger.failed();
      throw error;
    }
  }

  /** A message came in a lane. Of our own we know by the page's own clock when it left; of others the server says it by its clock. */
  arrived(lane, data, publishedMs) {
    const now = performance.now();
    const own = this.ledger.of(data);
    if (own) {
      if (!own.arrivals.has(lane)) lane.delayed(own.sentAt, now, true);
      this.ledger.arrived(lane, own, now);
    } else if (this.oneMachine && publishedMs) {
      lane.delayed(now - Math.max(0, Date.now() - publishedMs), now, false);
    }
  }
  // ANCHOR_END: delay

  has(lane, data) {
    return this.ledger.has(lane, data);
  }

  newestOf(lane) {
    return this.ledger.newestOf(lane);
  }

  clear() {
    for (const lane of this.lanes) lane.clear();
    this.ledger.clear();
  }

  cut() {
    cutConnections();
  }
}

export const race = new Race();
