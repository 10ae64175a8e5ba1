// What each step of this lesson must have brought about.
import { defineSteps } from "/view/view.js";
import { fault } from "/shared/faults.js";
import { counted } from "/shared/format.js";

const last = (some) => some.at(-1);
const has = (id, words) => (seen) => seen.text(id).includes(words) && words;
const asked = (path) => ({ target }) => target?.startsWith(path);

const mark = (words, ...names) => (seen) => names.every((name) => seen.marked(name)) && words;

/** A field of a head, without its name. */
const field = (crossing, name) => crossing.parts.find((part) => part.field === name)?.text.split(": ")[1].trim();

/** A handshake that was asked for and answered; `then` looks at both, and gives the words. */
const shaken = (path, then) => (seen) => {
  const up = last(seen.crossed("request", asked(path)));
  const down = up && seen.crossed("handshake", ({ n }) => n === up.n)[0];
  const words = down && then(seen, up, down);
  return words && { words, crossing: down };
};

const HANDSHAKE = "/websocket/handshake";
const open = (seen) => seen.text("handshake-state").includes("1 OPEN");
const opened = shaken(HANDSHAKE, (seen, up, down) => open(seen) && `a GET up; ${((down.us - up.us) / 1000).toFixed(1)} ms later 101 down`);
const shown = (id) => shaken(HANDSHAKE, (seen, up, down) => seen.text(id).includes(field(down, "sec-websocket-accept")) && `the sum of your request: ${field(down, "sec-websocket-accept")}`);

/** The word in its frame up, and in the server's frame down. */
const echoed = (seen) => {
  const up = last(seen.crossed("frame", asked(HANDSHAKE)));
  const down = up && seen.crossed("message", ({ n, label, us }) => n === up.n && label === up.label && us > up.us)[0];
  return down && { words: `${up.label}: up in ${up.bytes} bytes, down in ${down.bytes}`, crossing: up };
};

/** Both Close frames of a connection. */
const closes = (seen, path) => {
  const both = seen.crossed("close", asked(path));
  return ["up", "down"].every((way) => both.some((it) => it.way === way)) && both;
};
const codeOf = ({ parts }) => parts.find(({ name }) => name === "ws-code")?.words;

const pinged = (seen) => {
  const ping = seen.crossed("heartbeat", ({ label }) => label === "ping")[0];
  const pong = ping && seen.crossed("heartbeat", ({ label, n, us }) => label === "pong" && n === ping.n && us > ping.us)[0];
  return pong && echoed(seen) && { words: "a ping down, a pong up, and no script saw them", crossing: pong };
};

/** The server was asked to answer so, and the page has said what came of it. */
const answered = (how, begins) => (seen) => {
  const crossing = seen.crossed("handshake", ({ target }) => target.includes(`how=${how}&`))[0];
  const page = document.querySelector("#break-rows tr:last-child td:last-child");
  return crossing && seen.text("break-state").startsWith(begins) && { words: `a 101 came; the page saw ${page.textContent}`, crossing };
};
const refused = (how) => answered(how, "The browser refused");

const ECHO = "/websocket/echo";
const line = (seen, id, words) => last(seen.lines(id, words))?.querySelector("span").textContent;
const echoOpen = shaken(ECHO, (seen) => seen.text("echo-state") === "1 OPEN" && line(seen, "echo-log", "open;"));
const echoClosed = (code) => (seen) => closes(seen, ECHO) && line(seen, "echo-log", `close; code ${code}`);

const CHAT = "/websocket/socket";
const chatting = (seen) => seen.text("state") === "1 OPEN";
const chatOpen = shaken(CHAT, (seen) => chatting(seen) && `101; readyState ${seen.text("state")}`);
/** Our words, up in a frame and down in another one. */
const said = (seen) => {
  const up = last(seen.crossed("frame", asked(CHAT)));
  const down = up && seen.crossed("message", ({ n, us, says }) => n === up.n && us > up.us && says === up.label)[0];
  const others = seen.crossed("request", ({ target }) => !target.startsWith(CHAT));
  return down && { words: `up in a frame, down as ${down.label}; ${counted(others.length, "request")} for it`, crossing: down };
};
/** The request with which the page came back, with its cursor. */
const resumed = (seen, from = 0) => last(seen.crossed("request", ({ target, cursor, us }) => us > from && target.startsWith(CHAT) && cursor !== "0"));

defineSteps({
  "websocket": [opened],
  "the-handshake": [
    shaken(HANDSHAKE, (seen, up, down) => open(seen) && `key ${field(up, "sec-websocket-key")}, sum ${field(down, "sec-websocket-accept")}`),
    mark("16 random bytes in base64", "field-sec-websocket-key"),
    mark("101, and the sum of this key", "status-line", "field-sec-websocket-accept"),
  ],
  "the-sum-step-by-step": [shown("handshake-sum"), shown("handshake-sum")],
  "header-by-header": [shaken(HANDSHAKE, (seen, up) => seen.text("handshake-request").includes(field(up, "sec-websocket-key")) && counted(document.getElementById("handshake-request").rows.length, "header"))],
  "the-answer-line-by-line": [shown("handshake-response")],
  "frames": {
    guess: { choices: ["5", "7", "11", "hundreds"], right: "11", after: 1 },
    steps: [
      echoed,
      mark("2 bytes, 4 of the key, then the word", "ws-key", "up-ws-masked"),
      (seen) => {
        const both = closes(seen, HANDSHAKE);
        return both && { words: both.map((it) => `${it.way}: ${codeOf(it)}`).join("; "), crossing: both[0] };
      },
    ],
  },
  "ping-and-pong": [pinged, mark("9 is a ping, 10 a pong", "ws-opcode", "down-ws-opcode", "up-ws-opcode")],
  "all-frames-in-a-list": [(seen) => echoed(seen) && closes(seen, HANDSHAKE) && has("handshake-state", "are Close frames")(seen) && seen.text("handshake-state")],
  "the-mask": [
    (seen) => seen.text("unmask-rows").includes("✓") && seen.text("unmask-state"),
    (seen) => seen.text("unmask-state").startsWith("all") && seen.text("unmask-state"),
  ],
  "break-the-key": [refused("changed-letter"), refused("no-upgrade"), answered("version", "The browser took")],
  "other-wrong-answers": ["wrong-guid", "decoded-key", "hex", "no-connection"].map(refused),
  "the-refusal-on-the-ladder": [refused("no-accept")],
  "four-events": [
    echoOpen,
    (seen) => {
      const [text] = seen.crossed("frame", (it) => asked(ECHO)(it) && !it.label.endsWith(" bytes"));
      const [bytes] = seen.crossed("frame", (it) => asked(ECHO)(it) && it.label.endsWith(" bytes"));
      const back = (it) => it && seen.crossed("message", ({ n, label, us }) => n === it.n && label === it.label && us > it.us).length > 0;
      return back(text) && back(bytes) && `back as text: ${text.label}; back as binary: ${bytes.label}`;
    },
    echoClosed(""),
  ],
  "close-codes": [
    (seen) => {
      const thrown = seen.crossed("handshake", asked(ECHO)).length > 0 && line(seen, "echo-log", "close() threw");
      return thrown && `${thrown.split(":")[0]}; readyState ${seen.text("echo-state")}`;
    },
    echoClosed("4001"),
  ],
  "a-subprotocol": [
    shaken(ECHO, (seen) => seen.text("echo-agreed") === "poll-to-push.v1" && "agreed: poll-to-push.v1"),
    echoClosed(""),
    shaken(ECHO, (seen, up) => field(up, "sec-websocket-protocol") === "unknown.v9" && !seen.text("echo-state").startsWith("0") && last([...document.getElementById("echo-log").children]).querySelector("span").textContent),
  ],
  "too-early": [(seen) => seen.crossed("handshake", asked(ECHO)).length > 0 && line(seen, "echo-log", "send() threw")],
  "both-speak": [
    chatOpen,
    said,
    (seen) => {
      const [error] = seen.crossed("message", ({ label }) => label.startsWith('{"error"'));
      return error && chatting(seen) && { words: `${line(seen, "log", "error:")}; still ${seen.text("state")}`, crossing: error };
    },
  ],
  "when-it-breaks": {
    guess: { choices: ["the browser", "the page", "the server", "nobody"], right: "the page", after: 2 },
    steps: [
      said,
      (seen) => {
        const cut = seen.crossed("cut")[0];
        const back = cut && resumed(seen, cut.us);
        return back && chatting(seen) && { words: `${line(seen, "log", "closed with").split(";")[0]}; after ${((back.us - cut.us) / 1e6).toFixed(1)} s the page asked with after=${back.cursor}`, crossing: back };
      },
      (seen) => seen.picked(({ label }) => label.startsWith("resumes after"))?.parts[0].text.trim(),
    ],
  },
  "what-you-missed": [
    (seen) => closes(seen, CHAT) && line(seen, "log", "closed with 1000"),
    null,
    (seen) => {
      const back = resumed(seen);
      const news = back && seen.crossed("message", ({ n, id }) => n === back.n && id);
      return news?.length > 0 && { words: `asked with after=${back.cursor}; ${counted(news.length, "message")} came`, crossing: back };
    },
  ],
  "when-the-server-stops": [
    (seen) => seen.crossed("cut", ({ label }) => label === "the server is gone").length > 0 && line(seen, "log", "closed with 1001"),
    (seen) => chatting(seen) && line(seen, "log", "gap"),
  ],
  "half-open-connections": [
    (seen) => chatting(seen) && fault(seen, "stall") && `readyState ${seen.text("state")}: nothing can be seen of it`,
    (seen) => {
      const came = fault(seen, null) && said(seen);
      return came && { ...came, words: `no event said anything; now ${came.words}` };
    },
  ],
});
