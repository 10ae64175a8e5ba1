// What each step of this lesson must have brought about.
import { defineSteps } from "/view/view.js";

// What a condition looks at is what the page itself notices, too: this lesson's own program has no tap.

const last = (list) => list.at(-1);
const waiting = (seen) => seen.text("state") === "waiting";
/** What the request that waits now is: "3 s of 25 s, by fetch". */
const waits = (seen, end) => seen.text("waited").endsWith(end);
/** For how long it has waited, in seconds. */
const waited = (seen) => Number.parseFloat(seen.text("waited"));

/** The end of a wait: when it came, and what the log says of it. Not the first answer, which was not waited for. */
const ranOut = (seen) => {
  const line = last(seen.lines("log", "no news; the request waited"))?.textContent;
  const crossing = last(seen.crossed("empty"));
  const seconds = /waited ([\d.]+) s/.exec(line)?.[1];
  return crossing && Number(seconds) >= 1 && waiting(seen) && { words: `no news; the request waited ${seconds} s`, crossing };
};

/** The id that the page's last message got. */
const sentAs = (seen) => /sent as (\S+)/.exec(last(seen.lines("log", "sent as"))?.textContent)?.[1];
const shown = (seen, id) => seen.lines("log", `${id}  `).length > 0;

/** Our message came; `more` says what else must be so, in words. */
const came = (seen, more = () => waiting(seen) && "the next request waits already") => {
  const crossing = seen.crossed("message", ({ id }) => id === sentAs(seen))[0];
  const up = last(seen.crossed("request", ({ label }) => label.startsWith("POST /publish")));
  const late = up && crossing?.us > up.us ? `, ${((crossing.us - up.us) / 1000).toFixed(1)} ms after your POST` : "";
  return crossing && more(seen) && { words: `${crossing.label} came${late}; ${more(seen)}`, crossing };
};

const by = (way) => (seen) => waits(seen, `by ${way}`) && `the next question goes by ${way}`;
const mark = (name, words) => (seen) => seen.marked(name) && words;

/** After a cut: the question that went up again. */
const again = (seen) => {
  const cut = seen.crossed("cut")[0];
  const crossing = cut && seen.crossed("request", ({ us, label }) => us > cut.us && label.startsWith("resumes after"))[0];
  return crossing && { words: `asked again ${((crossing.us - cut.us) / 1000).toFixed(0)} ms later, after=${crossing.cursor}`, crossing };
};

/** Not a cut alone, which the page may have told of before. Without the tap there is no cut. */
const serverGone = (seen) => seen.crossed("cut", ({ label }) => label === "the server is gone").length > 0 || document.querySelector(".watch.without");

defineSteps({
  "long-polling": [(seen) => seen.crossed("request").length > 0 && waiting(seen) && waited(seen) >= 1 && `the server has not answered for ${waited(seen)} s`],
  "the-wait": [ranOut, came],
  "two-tabs": [
    (seen) => {
      const crossing = last(seen.crossed("message"));
      return crossing && shown(seen, crossing.label) && crossing.label !== sentAs(seen) && { words: `${crossing.label} came; this tab did not send it`, crossing };
    },
  ],
  "the-bytes-of-a-wait": [
    mark("request-line", "the question: after what, and how long it may wait"),
    (seen) => seen.picked(({ label }) => label === "204") && seen.marked("down-field-last-event-id") && seen.marked("down-blank-line") && "a cursor, and no body",
  ],
  "by-iframe-and-by-jsonp": [
    (seen) => came(seen, by("iframe")),
    (seen) => came(seen, by("jsonp")),
    (seen) => {
      const end = ranOut(seen);
      return end && waits(seen, "by fetch") && { ...end, words: `${end.words}: ${end.crossing.label}` };
    },
  ],
  "a-longer-wait": {
    guess: { choices: ["about 600", "about 25", "1"], right: "about 25", after: 2 },
    steps: [
      (seen) => waits(seen, "of 25 s, by fetch") && seen.crossed("request").length > 0 && "the request that waits now may wait for 25 s",
      came,
    ],
  },
  "nothing-is-lost": {
    guess: { choices: ["no", "yes, at once", "yes, after a wait"], right: "yes, at once", after: 3 },
    steps: [
      (seen) => seen.text("state") === "stopped" && seen.text("last-id") !== "none yet" && `stopped; the last id is ${seen.text("last-id")}`,
      (seen) => sentAs(seen) && !shown(seen, sentAs(seen)) && `sent as ${sentAs(seen)}; the log shows no message`,
      (seen) => seen.crossed("message").length > 0 && shown(seen, sentAs(seen)) && { words: `${sentAs(seen)} came, with the first answer`, crossing: last(seen.crossed("message")) },
    ],
  },
  "ten-thousand-who-wait": [
    (seen) => {
      const crossing = last(seen.crossed("request", ({ target }) => target.startsWith("/long-polling/parked")));
      return crossing && waiting(seen) && { words: "it waits, and no thread sleeps for it", crossing };
    },
    came,
  ],
  "when-it-is-cut": [
    again,
    (seen) => seen.picked(({ label }) => label.startsWith("resumes after")) && seen.marked("request-line") && "the same question, word for word",
  ],
  "when-the-server-stops": [
    (seen) => serverGone(seen) && seen.text("error").startsWith("connection lost") && seen.text("error"),
    (seen) => waiting(seen) && seen.text("error").startsWith("back") && seen.lines("log", "gap").length > 0 && "back, and a gap: the new server does not know the old cursor",
  ],
});
