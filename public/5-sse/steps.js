// What each step of this lesson must have brought about.
import { defineSteps } from "/view/view.js";
import { fault } from "/shared/faults.js";
import { counted } from "/shared/format.js";

const last = (crossings) => crossings.at(-1);
const chosen = (name) => document.getElementById("stream").value === name;
const running = (seen) => seen.text("state").startsWith("1");

/** Events that came on one stream; `test` says what else must be so. */
const events = (least, test = () => true) => (seen) => {
  const found = seen.crossed("message");
  return test(seen) && running(seen) && found.length >= least && `${counted(found.length, "event")}, the last ${last(found).label}`;
};

const mark = (name, words) => (seen) => seen.marked(name) && words;

/** The message that we sent by POST, and that came back as an event of this name. */
const sent = (name, then) => (seen) => {
  const up = last(seen.crossed("request", ({ label }) => label.startsWith("POST /publish")));
  const came = up && last(seen.crossed("message", ({ parts, us }) => us > up.us && parts.some(({ text }) => text === `event: ${name}\n`)));
  return came && then(seen, came) && { words: `up by POST, down as ${came.label}; ${then(seen, came)}`, crossing: came };
};

const came = (seen, { label }) => seen.lines("log", `${label}  alarm!`).length > 0 && "the log shows it";
const unheard = (seen, { label }) => seen.lines("log", label).every((line) => line.textContent.includes("sent as")) && "it came down, and the log has only that it was sent";

/** After a cut: the question with which the browser came back. */
const resumed = (seen) => {
  const [cut] = seen.crossed("cut");
  const back = cut && seen.crossed("request", (it) => it.us > cut.us && it.target.startsWith("/sse/"))[0];
  return back && running(seen) && seen.crossed("message", ({ us }) => us > back.us).length > 0 && { cut, back, seconds: ((back.us - cut.us) / 1e6).toFixed(1) };
};

/** After a silence, events that came at once: how many, and how long the silence was. */
const bunch = (seen) => {
  const all = seen.crossed("message");
  const first = all.findLastIndex(({ us }, n) => n > 0 && us - all[n - 1].us > 2e6);
  if (first < 0) return false;
  const events = all.filter(({ us }, n) => n >= first && us - all[first].us < 3e5).length;
  return events > 2 && { events, seconds: ((all[first].us - all[first - 1].us) / 1e6).toFixed(1) };
};

defineSteps({
  "server-sent-events": [events(3)],
  "lines-of-text": [
    (seen) => seen.crossed("message", ({ parts }) => parts.some(({ name }) => name === "sse-retry")).map((crossing) => ({ words: "the first event has four lines", crossing }))[0],
    (seen) => seen.marked("sse-event") && seen.marked("sse-data") && "its name is connecttime, its text the time",
    mark("sse-blank", "every event ends with one"),
  ],
  "in-a-terminal": [null, null, null, null],
  "events-with-names": {
    guess: { choices: ["alarm", "surprise", "both"], right: "alarm", after: 3 },
    steps: [(seen) => chosen("chat") && running(seen) && `readyState ${seen.text("state")}`, sent("alarm", came), sent("surprise", unheard)],
  },
  "a-list-from-a-file": [
    (seen) => chosen("users") && running(seen) && document.querySelector("#users tr") && "the whole list, in one event",
    (seen) => {
      const wrong = seen.lines("log", "invalid: ").length;
      const lists = seen.lines("log", " users").length;
      return wrong > 0 && lists > 1 && seen.text("users-invalid") === "" && `${lists} lists, and what was wrong in between`;
    },
  ],
  "a-heartbeat": [(seen) => seen.crossed("heartbeat").map((crossing) => ({ words: "it came, and nobody had said anything", crossing }))[0], mark("sse-comment", "a comment: nothing fires")],
  "it-comes-back": {
    guess: { choices: ["8", "10", "none"], right: "8", after: 2 },
    steps: [
      events(3, () => chosen("ticker")),
      (seen) => {
        const found = resumed(seen);
        return found && found.back.cursor && { words: `cut; back after ${found.seconds} s with Last-Event-ID: ${found.back.cursor}`, crossing: found.back };
      },
      (seen) => seen.picked(({ label }) => label.startsWith("resumes after")) && seen.marked("up-field-last-event-id") && "the browser wrote it",
    ],
  },
  "a-clock-that-forgets": [
    events(2, () => chosen("clock")),
    (seen) => {
      const found = resumed(seen);
      return found && { words: `back after ${found.seconds} s; no time came for what was missed`, crossing: found.back };
    },
  ],
  "when-the-server-stops": [
    (seen) => seen.crossed("cut", ({ label }) => label === "the server is gone").length > 0 && "the server is gone; the browser tries again",
    (seen) => running(seen) && seen.lines("log", "gap").length > 0 && "readyState 1 OPEN, after a gap",
    null,
  ],
  "six-at-most": {
    guess: { choices: ["1 OPEN", "0 CONNECTING", "2 CLOSED"], right: "0 CONNECTING", after: 1 },
    steps: [
      (seen) => seen.text("eight-count").startsWith("6 of 8") && seen.text("eight-count"),
      (seen) => seen.lines("eight-log", "fetch: still waiting").length > 0 && "asked, and no answer after 2 s",
      (seen) => seen.text("eight-count") === "all closed" && seen.lines("eight-log", "fetch: answered").map((line) => line.textContent.slice(12)).at(-1),
    ],
  },
  "a-websocket-beside-six-streams": [
    (seen) => [...seen.lines("eight-log", "WebSocket: open"), ...seen.lines("eight-log", "WebSocket: still")].map((line) => `in this browser: ${line.textContent.slice(12)}`)[0],
    (seen) => seen.text("eight-count") === "all closed" && "all closed",
  ],
  "with-real-tabs": [null],
  "a-proxy-gathers-the-answer": [
    (seen) => {
      const came = fault(seen, "gather") && bunch(seen);
      return came && `${came.events} events at once, after ${came.seconds} s of silence`;
    },
    (seen) => fault(seen, null) && "all that was kept has passed",
  ],
});
