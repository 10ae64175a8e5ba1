// What each step of this lesson must have brought about.
import { defineSteps } from "/view/view.js";
import { counted } from "/shared/format.js";

// What a condition looks at is what the page itself notices, too: this lesson's own program has no tap.

const last = (list) => list.at(-1);
const stopped = (seen) => seen.text("state") === "stopped";
const every = (milliseconds) => document.getElementById("interval").value === milliseconds;
const endless = () => !document.getElementById("stop-on-success").checked;
const questions = (seen) => seen.crossed("request", ({ label }) => !label.startsWith("POST"));
const mark = (name, words) => (seen) => seen.marked(name) && words;

/** The ids of what was published here, and the log's line of a message that came. */
const sent = (seen) => seen.lines("log", "sent as").map((line) => line.textContent.split("sent as ")[1]);
const shown = (seen, id) => seen.lines("log", `${id}  `)[0];

/** The newest of our messages came; `more` says what else must be so, in words. */
const came = (seen, more) => {
  const id = last(sent(seen));
  const crossing = last(seen.crossed("message"));
  return crossing?.id === id && shown(seen, id) && more(seen, id) && { words: more(seen, id), crossing };
};

/** How late it came, by the log's own times. */
const late = (seen, id) => {
  const [from, to] = [seen.lines("log", `sent as ${id}`)[0], shown(seen, id)].map((line) => Date.parse(`2000-01-01T${line.firstElementChild.textContent}`));
  return `${id} came ${Math.max(0, (to - from) / 1000).toFixed(1)} s after it was sent`;
};

const by = (way) => (seen, id) => seen.text("asked").includes(`/${way}?`) && `${id} came by ${way}`;

/** The sign-in is in this state. */
const signIn = (state, least = 1) => (seen) => {
  const asked = Number(seen.text("sign-in-requests"));
  return seen.text("sign-in-state").startsWith(state) && asked >= least && `${state}, after ${counted(asked, "request")}`;
};

defineSteps({
  "short-polling": [
    (seen) => {
      const [asked, empty] = [questions(seen).length, seen.crossed("empty").length];
      return asked >= 3 && empty >= 3 && `${counted(asked, "question")}, ${counted(empty, "answer")}, no news`;
    },
  ],
  "news-and-an-end": [(seen) => came(seen, (_, id) => `${counted(questions(seen).length, "question")} at this stop; the last one brought ${id}`)],
  "a-chat": [
    (seen) => {
      const news = last(seen.crossed("message"))?.us ?? 0;
      const empty = seen.crossed("empty", ({ us }) => us > news).length;
      return endless() && empty >= 2 && `${counted(empty, "answer")} without news, and it asks on`;
    },
    (seen) => came(seen, (_, id) => !stopped(seen) && seen.crossed("empty", ({ us }) => us > last(seen.crossed("message")).us).length > 0 && `${id} came; the page asks on`),
    (seen) => came(seen, (_, id) => stopped(seen) && !endless() && `${id} came, and the page stopped`),
  ],
  "the-cursor": {
    guess: { choices: ["nothing", "the second", "both"], right: "both", after: 3 },
    steps: [
      (seen) => stopped(seen) && questions(seen).length > 0 && seen.text("asked").includes("after=") && seen.text("asked").split("?")[1],
      (seen) => stopped(seen) && sent(seen).length > 0 && !shown(seen, last(sent(seen))) && `sent as ${last(sent(seen))}, and no such message came`,
      (seen) => came(seen, () => sent(seen).slice(-2).every((id) => shown(seen, id)) && `${seen.text("asked").split("?")[1]} brought ${sent(seen).slice(-2).join(" and ")}`),
    ],
  },
  "the-pause": [
    (seen) => every("5000") && seen.crossed("empty").length > 0 && "nothing new; the next question is 5 s away",
    (seen) => every("5000") && came(seen, late),
    (seen) => every("500") && came(seen, late),
  ],
  "a-wait-with-an-end": {
    guess: { choices: ["2", "about 20", "all"], right: "2", after: 3 },
    steps: [signIn("waiting", 3), signIn("scanned"), signIn("confirmed")],
  },
  "a-code-that-gets-too-old": [signIn("expired")],
  "with-a-phone": [null],
  "the-bytes": [
    (seen) => seen.crossed("empty").length > 0 && seen.marked("request-line") && seen.marked("up-field-user-agent") && "the question, and what the browser adds to it",
    (seen) => seen.marked("status-line") && seen.marked("down-field-last-event-id") && seen.marked("down-body") && "the answer; the cursor stands in it twice",
  ],
  "hidden-iframe-and-jsonp": [(seen) => came(seen, by("iframe")), mark("script", "a page with one script"), (seen) => came(seen, by("jsonp"))],
  "when-it-is-cut": [
    (seen) => {
      const [cut] = seen.crossed("cut");
      const crossing = cut && seen.crossed("request", ({ us, label }) => us > cut.us && label.startsWith("resumes after"))[0];
      return crossing && { words: `cut; ${((crossing.us - cut.us) / 1e6).toFixed(1)} s later the next question, after=${crossing.cursor}`, crossing };
    },
    (seen) => seen.picked(({ label }) => label.startsWith("resumes after")) && seen.marked("request-line") && "the same question as before",
  ],
  "when-the-server-stops": [
    (seen) => seen.text("error").startsWith("connection lost") && seen.text("error"),
    (seen) => seen.text("error").startsWith("back") && seen.lines("log", "gap").length > 0 && "back, and a gap: the new server does not know the cursor",
  ],
});
