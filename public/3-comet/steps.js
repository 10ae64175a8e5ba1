// What each step of this lesson must have brought about.
import { defineSteps } from "/view/view.js";
import { fault } from "/shared/faults.js";
import { counted } from "/shared/format.js";

const last = (crossings) => crossings.at(-1);
const state = (seen) => seen.text("state");
const asked = (seen, path) => seen.crossed("request", ({ target }) => target.startsWith(path));

/** The answer that one press of "Ask once" began: its question and its messages, of those that came since. */
const once = (seen) => {
  const [question] = asked(seen, "/comet/nine?once=");
  return question && { question, messages: seen.crossed("message", ({ n, us }) => n === question.n && us > question.us) };
};

/** When a way of reading showed its first message. */
const first = (seen, way) => seen.text(`nine-${way}-1`);

/** The message that we sent by POST, and that came back in the answer that is open. */
const sent = (seen) => {
  const up = last(seen.crossed("request", ({ label }) => label.startsWith("POST /publish")));
  return up && state(seen) === "reading" && seen.crossed("message", ({ us, target }) => us > up.us && target.startsWith("/comet/stream"))[0];
};

const said = (seen) => {
  const came = sent(seen);
  return came && { words: `up by POST, down as ${came.label}; requests made: ${seen.text("requests")}`, crossing: came };
};


/** After a cut: the question with which the page came back. */
const resumed = (seen) => {
  const [cut] = seen.crossed("cut");
  const back = cut && asked(seen, "/comet/stream").find(({ us }) => us > cut.us);
  return back && state(seen) === "reading" && { back, seconds: ((back.us - cut.us) / 1e6).toFixed(1) };
};

defineSteps({
  "http-streaming": [
    (seen) => {
      const came = once(seen)?.messages ?? [];
      return came.length >= 3 && { words: `1 question; ${came.length} messages in its answer, and it goes on`, crossing: came[0] };
    },
  ],
  "read-while-it-grows": {
    guess: { choices: ["at once", "after 4 seconds", "after 8 seconds"], right: "after 8 seconds", after: 1 },
    steps: [
      (seen) =>
        seen.crossed("close").length >= 3 &&
        seen.text("nine-ajax-state") === "done" &&
        `the first message: fetch and a reader after ${first(seen, "fetch")}, plain Ajax after ${first(seen, "ajax")}`,
    ],
  },
  "chunks": [
    (seen) => seen.crossed("close", ({ n }) => n === once(seen)?.question.n).map((crossing) => ({ words: `${counted(once(seen).messages.length, "message")}, then the last chunk`, crossing }))[0],
    (seen) => seen.marked("chunk-size") && "the browser reads it, the page never sees it",
    (seen) => seen.marked("last-chunk") && "0: the answer is whole",
  ],
  "a-chunk-is-no-message": {
    guess: { choices: ["none", "one", "two"], right: "one", after: 1 },
    steps: [
      (seen) => {
        const [pieces, lines] = ["piece", "line:"].map((words) => seen.lines("split-log", words).length);
        return seen.crossed("close").length > 0 && pieces >= 2 && lines === 1 && `${counted(pieces, "piece")}, ${counted(lines, "message")}`;
      },
      (seen) => seen.marks.filter((name) => name === "chunk-size").length >= 2 && "34 bytes and 7 bytes, one message",
    ],
  },
  "an-answer-kept-open": [(seen) => state(seen) === "reading" && seen.crossed("open").map((crossing) => ({ words: "the head came; the answer is open", crossing }))[0], said, said],
  "a-heartbeat": [
    (seen) => seen.lines("log", "heartbeat").length > 0 && seen.crossed("heartbeat").map((crossing) => ({ words: "it came, and nobody had said anything", crossing }))[0],
    (seen) => seen.marked("heartbeat") && "a line without a message",
  ],
  "with-a-second-tab": [
    (seen) => {
      const came = seen.crossed("message");
      const twice = came.find((one) => came.some((other) => other.label === one.label && other.n !== one.n));
      return twice && { words: `${twice.label} came down once for each tab; requests made: ${seen.text("requests")}`, crossing: twice };
    },
  ],
  "it-comes-back": [
    said,
    (seen) => {
      const found = resumed(seen);
      return found && found.back.cursor && { words: `cut; after ${found.seconds} s the page asked for what came after ${found.back.cursor}`, crossing: found.back };
    },
    (seen) => seen.picked(({ label }) => label.startsWith("resumes after")) && `GET ${seen.picked(({ cursor }) => cursor).target}`,
  ],
  "what-was-said-meanwhile": [
    (seen) => state(seen) === "stopped" && seen.crossed("request", ({ label }) => label.startsWith("POST /publish")).map((crossing) => ({ words: "up by POST, and nothing came down", crossing }))[0],
    (seen) => {
      const back = last(asked(seen, "/comet/stream"));
      return back?.cursor && seen.crossed("message", ({ us }) => us > back.us).map((crossing) => ({ words: `asked after ${back.cursor}; ${crossing.label} came first`, crossing }))[0];
    },
  ],
  "when-the-server-stops": [
    (seen) => seen.crossed("cut", ({ label }) => label === "the server is gone").length > 0 && seen.lines("log", "connection lost").length > 0 && "the server is gone; the page tries again",
    (seen) => state(seen) === "reading" && seen.lines("log", "gap").length > 0 && "the page is back; the log shows a gap",
  ],
  "a-restart-of-the-server": [
    said,
    (seen) => fault(seen, "restart") && state(seen) === "reading" && seen.lines("log", "gap").length > 0 && "the page is back; the log shows a gap",
    said,
  ],
  "gathered-for-five-seconds": [
    (seen) => state(seen) === "reading" && fault(seen, "gather") && "what goes to this browser is gathered",
    (seen) => {
      const came = sent(seen);
      const up = came && last(seen.crossed("request", ({ label, us }) => label.startsWith("POST /publish") && us < came.us));
      const seconds = came && (came.us - up.us) / 1e6;
      return seconds > 0.5 && { words: `it came ${seconds.toFixed(1)} s after it was sent`, crossing: came };
    },
    (seen) => fault(seen, null) && "all that was kept has passed",
  ],
  "in-a-terminal": [null, null, null],
});
