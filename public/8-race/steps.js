// What each step of this lesson must have brought about.
import { fault } from "/shared/faults.js";
import { counted } from "/shared/format.js";
import { defineSteps } from "/view/view.js";
import { race } from "./race.js";
import { bytes, milliseconds, whole } from "./words.js";

/** What was done on this page, as `tell` of race.js says it. */
const done = [];
addEventListener("race", ({ detail }) => done.push(detail));

/** The last such thing since the step began; `test` says what else must be so. */
const last = (seen, what, test = () => true) => done.findLast((it) => it.what === what && it.at > seen.since && test(it));
const lane = (name) => race.lanes.find((lane) => lane.name === name);
/** In each lane that is on. A POST that a cut met may have been sent again by the browser: then it came twice, in all of them. */
const came = (fates) => [["once", "late", "not-on"], ["twice", "not-on"]].some((right) => fates.every((fate) => right.includes(fate)));

/** What was published after `time`, if all of it is where it must be: `{message, fates}` of each. */
function arrived(time) {
  const all = race.ledger.fates().filter(({ message }) => message.sentAt > time);
  return all.length > 0 && all.every(({ fates }) => came(fates)) && all;
}

/** The lane in which a message came last, and how long after it was published. */
function slowest({ message }) {
  const [[lane, { at }]] = [...message.arrivals].sort(([, a], [, b]) => b.at - a.at);
  return `${counted(message.arrivals.size, "lane")}; the last was ${lane.words}, after ${milliseconds(at - message.sentAt)}`;
}

/** A whole run of "Publish many" since the step began, that came everywhere. */
function run(seen) {
  const many = last(seen, "many", (it) => it.whole && it.began > seen.since);
  return many && arrived(many.began);
}

const medians = () => race.on.map(({ words, median }) => `${words} ${milliseconds(median)}`).join("; ");
const each = () => (race.seesBytes ? race.on.filter(({ messages }) => messages > 0).map(({ words, bytesEach }) => `${words} ${bytes(bytesEach)}`).join("; ") : "the bytes are not shown");
const chosen = (id, value) => document.getElementById(id).value === value;

const report = (technique) => (seen) => {
  const found = last(seen, "report", ({ report }) => report.technique === technique);
  return found && `${whole(found.report.subscribers)} had it: mostly after ${milliseconds(found.report.last_delivery.median_ms)}, at worst after ${milliseconds(found.report.last_delivery.max_ms)}`;
};

/** The most threads that were shown in a run. */
let threads = { run: null, most: 0 };
const look = (seen) => {
  if (threads.run !== seen) threads = { run: seen, most: 0 };
  threads.most = Math.max(threads.most, Number(seen.text("server-threads").replaceAll(",", "")) || 0);
  return threads.most;
};

defineSteps({
  "the-race": [
    (seen) => {
      const all = arrived(seen.since);
      return all && all[0].message.arrivals.size > 1 && `in ${slowest(all[0])}`;
    },
  ],
  "the-same-on-the-ladder": [
    (seen) => {
      const [up] = seen.crossed("request", ({ label }) => label.startsWith("POST /publish"));
      const down = up ? seen.crossed("message", ({ us }) => us > up.us).length : 0;
      return down > 2 && { words: `one POST, and ${counted(down, "message")} came down until now`, crossing: up };
    },
  ],
  "late-or-at-once": {
    guess: { choices: ["0.1 s", "0.5 s", "1 s"], right: "0.5 s", after: 1 },
    steps: [(seen) => run(seen) && `median: ${medians()}`, (seen) => run(seen) && chosen("every", "200") && `median: ${medians()}`],
  },
  "what-it-costs": [
    (seen) => {
      const polls = lane("short-polling");
      return last(seen, "cleared") && chosen("every", "1000") && polls.requests >= 8 && race.lanes.every(({ messages }) => messages === 0) && `short polling asked ${counted(polls.requests, "time")}${race.seesBytes ? `: ${bytes(polls.up + polls.down)}, and no news` : ""}`;
    },
    (seen) => run(seen) && `a message: ${each()}`,
    (seen) => run(seen) && chosen("payload", "10000") && last(seen, "cleared") && `a message: ${each()}`,
  ],
  "six-connections": [
    (seen) => lane("long-polling").on && lane("long-polling").since > seen.since && Number.isFinite(lane("long-polling").since) && `${counted(race.held, "connection")} held`,
    (seen) => last(seen, "refused") && "refused, and the page says why",
    (seen) => last(seen, "switched", (it) => it.lane === "long-polling") && !lane("long-polling").on && `${counted(race.held, "connection")} held`,
  ],
  "a-cut-and-the-ledger": [
    (seen) => {
      const [cut] = seen.crossed("cut");
      const all = cut && arrived(cut.at);
      return all && { words: `whole; message ${all[0].message.n} is in ${slowest(all[0])}`, crossing: cut };
    },
    (seen) => {
      const [cut] = seen.crossed("cut");
      const all = cut && run(seen);
      return all && { words: `whole: ${counted(all.length, "message")}, ${all.filter(({ fates }) => fates.includes("late")).length} of them late somewhere`, crossing: cut };
    },
  ],
  "a-restart": [
    (seen) => {
      const restarted = fault(seen, "restart");
      const many = restarted && last(seen, "many", (it) => it.whole && it.began > seen.since && it.began < restarted.at);
      if (!many) return false;
      const all = race.ledger.fates().filter(({ message }) => message.sentAt > many.began);
      const tags = new Set(all.map(({ message }) => message.id.split("-")[0]));
      const gaps = all.filter(({ fates }) => fates.includes("gap")).length;
      const told = all.every(({ fates }) => fates.every((fate) => !["lost", "waiting"].includes(fate)));
      return tags.size > 1 && told && `${counted(tags.size, "tag")}: ${[...tags].reverse().join(", then ")}; ${counted(gaps, "message")} in a gap somewhere, and none lost without a word`;
    },
  ],
  "slow-stalled-gathered": [
    (seen) => {
      const all = fault(seen, "gather") && run(seen);
      const late = all ? all.filter(({ fates }) => fates.includes("late")).length : 0;
      return late > 0 && `whole: ${counted(all.length, "message")}, ${late} of them late`;
    },
    (seen) => {
      const [stalls, over] = [fault(seen, "stall"), fault(seen, null)];
      const all = stalls && over?.at > stalls.at && arrived(stalls.at);
      return all && all.every(({ message }) => message.ackedAt > over.at) && `taken ${milliseconds(all[0].message.ackedAt - all[0].message.sentAt)} after it was sent, and whole`;
    },
  ],
  hundreds: [report("long-polling"), report("parked")],
  "waiting-waking-writing": [
    (seen) => {
      const most = look(seen);
      const found = last(seen, "report", ({ report }) => report.technique === "sse");
      return found && most > found.report.subscribers && `${whole(most)} threads at most, for ${whole(found.report.subscribers)} subscribers`;
    },
  ],
  "keep-a-run": [
    (seen) => last(seen, "saved") && `saved as ${last(seen, "saved").name}`,
    (seen) => last(seen, "beside") && "the saved figures stand beside those of now",
  ],
});
