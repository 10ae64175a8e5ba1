// What each step of this lesson must have brought about.
import { defineSteps } from "/view/view.js";
import { counted } from "/shared/format.js";

const state = (seen) => seen.text("state");
const chosen = (name) => document.getElementById("topic").value === name;
const last = (crossings) => crossings.at(-1);
const asked = (seen) => seen.crossed("request", ({ target }) => target.startsWith("/iframe-push/stream"));
const messages = (seen, since) => seen.crossed("message", ({ us, target }) => us > since.us && target.startsWith("/iframe-push/stream"));

const mark = (name, words) => (seen) => seen.marked(name) && words;

/** Messages of the clock, with nothing asked for each. */
const ticks = (least) => (seen) => {
  const came = seen.crossed("message");
  return chosen("clock") && state(seen) === "loading" && came.length >= least && { words: `${counted(came.length, "message")}, the last ${last(came).label}; readyState: ${state(seen)}`, crossing: last(came) };
};

/** The iframe is gone, and the server knows it. */
const removed = (seen) => state(seen) === "stopped" && !document.getElementById("frame") && seen.crossed("end").length > 0 && "the iframe is gone, and its request has ended";

/** The question with which the page came back, and what it had missed. */
const resumed = (seen, since) => {
  const back = asked(seen).find(({ us, cursor }) => us > since.us && cursor);
  const came = back && messages(seen, back);
  return came?.length > 0 && { back, missed: came[0].count, first: came[0].label };
};

defineSteps({
  "iframe-push": [ticks(3)],
  "a-page-that-never-ends": {
    guess: { choices: ["loading", "interactive", "complete"], right: "loading", after: 1 },
    steps: [
      ticks(3),
      removed,
      (seen) => {
        const found = resumed(seen, { us: 0 });
        return found && { words: `asked after ${found.back.cursor}; ${found.first} came first`, crossing: found.back };
      },
    ],
  },
  "script-by-script": [
    (seen) => {
      const page = last(seen.crossed("answer", ({ parts }) => parts.some(({ name }) => name === "page")));
      const came = page && messages(seen, page);
      return came?.length > 0 && { words: `first ${counted(page.parts.find(({ name }) => name === "page").text.length, "byte")} of a page, then ${came[0].label}`, crossing: came[0] };
    },
    mark("page", "it is there before any message"),
    mark("script", "one script, one message"),
  ],
  "the-iframe-itself": [
    (seen) => document.getElementById("show-frame").checked && seen.crossed("message").length >= 2 && `${seen.text("scripts-ran")} scripts ran; still in the page: ${seen.text("scripts-left")}`,
    removed,
  ],
  "a-heartbeat": [
    (seen) => seen.crossed("heartbeat").map((crossing) => ({ words: "it came, and nobody had said anything", crossing }))[0],
    mark("heartbeat", "a comment: no script, no message"),
  ],
  "markup-in-a-message": {
    guess: { choices: ["bold letters", "what you wrote, letter by letter", "nothing"], right: "what you wrote, letter by letter", after: 2 },
    steps: [
      (seen) => chosen("chat") && state(seen) === "loading" && asked(seen).map((crossing) => ({ words: `GET ${crossing.target}`, crossing }))[0],
      (seen) => {
        const up = seen.crossed("request", ({ label }) => label.startsWith("POST /publish") && label.includes("</script>"))[0];
        const came = up && messages(seen, up).find(({ parts }) => parts.some(({ text }) => text.includes("\\u003c/script>")));
        return came && seen.lines("log", "</script>").length > 0 && { words: String.raw`in the log </script>, on the wire \u003c/script>`, crossing: came };
      },
    ],
  },
  "a-cut-says-nothing": [
    ticks(1),
    (seen) => {
      const [cut] = seen.crossed("cut");
      const found = cut && resumed(seen, cut);
      return found && { words: `cut; ${((found.back.us - cut.us) / 1e6).toFixed(1)} s later the page asked again`, crossing: found.back };
    },
    (seen) => seen.picked(({ label }) => label.startsWith("resumes after")) && `GET ${seen.picked(({ cursor }) => cursor).target}`,
  ],
  "when-the-server-stops": [
    (seen) => seen.crossed("cut", ({ label }) => label === "the server is gone").length > 0 && seen.lines("log", "connection lost").length > 0 && "the iframe loaded: the page tries again",
    (seen) => state(seen) === "loading" && seen.lines("log", "gap").length > 0 && "back; the log shows a gap",
  ],
});
