// What each step of this lesson must have brought about.
import { defineSteps } from "/view/view.js";
import { counted } from "/shared/format.js";

const last = (some) => some.at(-1);
const mark = (words, ...names) => (seen) => names.every((name) => seen.marked(name)) && words;

/** The packets of a crossing, as they stand on the wire. */
const packets = ({ parts }) =>
  parts
    .filter(({ name }) => /^(eio|sio)-/.test(name))
    .map(({ text }) => text)
    .join("");

/** What crossed in this way, since the step began, with packets that look so. */
const crossed = (seen, way, looks, path = "/socket.io/") =>
  seen.crossings.filter((it) => it.way === way && it.target?.startsWith(path) && looks.test(packets(it)));

// Engine.IO by hand.

const ENGINE = "/engine.io/";
const SENT = /^4./;
const hand = (seen, way, looks) => crossed(seen, way, looks, ENGINE);
const posts = (seen, looks) => hand(seen, "up", looks).filter(({ kind }) => kind === "request");
const answer = (seen, up, label) => seen.crossed("answer", (it) => it.n === up.n && it.us > up.us && it.label === label)[0];
const session = (seen) => seen.text("engine-sid") !== "none" && seen.text("engine-sid");

const opened = (seen) => {
  const [crossing] = hand(seen, "down", /^0\{/);
  return crossing && session(seen) && { words: `one packet: 0 and JSON; the session is ${session(seen)}`, crossing };
};

/** A GET of the session that has no answer. */
const waiting = (seen) => {
  const up = last(seen.crossed("request", ({ label, target }) => label === "GET /engine.io/" && target.includes("&sid=")));
  return up && seen.text("engine-waits") === "yes" && { words: "a GET waits, and the server says nothing", crossing: up };
};

const echoed = (seen) => {
  const up = last(posts(seen, SENT));
  const down = up && hand(seen, "down", SENT).find(({ us, n }) => us > up.us && n !== up.n);
  return down && { words: `${packets(up)} up by POST; ${packets(down)} down as the answer of the GET`, crossing: down };
};

const keptBack = (seen) => {
  const up = last(posts(seen, SENT));
  const ok = up && answer(seen, up, "ok");
  const echo = hand(seen, "down", SENT).some(({ us }) => us > up?.us);
  return ok && !echo && seen.text("engine-waits") === "no" && { words: `${packets(up)} up, ok down; the echo waits at the server`, crossing: up };
};

const together = (seen) => {
  const crossing = last(seen.crossed("message", ({ target, count }) => target.startsWith(ENGINE) && count > 1));
  return crossing && { words: `one answer with ${counted(crossing.count, "packet")}`, crossing };
};

const pinged = (seen) => {
  const crossing = last(hand(seen, "down", /(^|\x1e)2$/));
  return crossing && { words: "2 came: the server asks", crossing };
};

const ponged = (seen) => {
  const up = last(posts(seen, /^3$/));
  return up && answer(seen, up, "ok") && { words: `3 up by POST; the countdown is at ${seen.text("engine-left")}`, crossing: up };
};

const refused = (seen) => {
  const crossing = seen.crossed("answer", ({ label, target }) => label.startsWith("400") && target.startsWith(ENGINE))[0];
  return crossing && !session(seen) && { words: crossing.label, crossing };
};

const probed = (seen) => {
  const [crossing] = hand(seen, "down", /^3probe$/);
  return crossing && seen.text("engine-waits") === "no" && { words: "2probe and 3probe by the WebSocket; no GET waits any more", crossing };
};

const upgraded = (seen) => {
  const crossing = last(hand(seen, "up", /^5$/));
  return crossing && seen.text("engine-carrier") === "WebSocket" && { words: "5 up; packets go by the WebSocket", crossing };
};

const inFrames = (seen) => {
  const up = last(hand(seen, "up", SENT).filter(({ kind }) => kind === "frame"));
  const down = up && hand(seen, "down", SENT).find(({ us }) => us > up.us);
  const asked = down && seen.crossed("request", ({ target, us }) => target.startsWith(ENGINE) && us > up.us).length;
  return down && { words: `${packets(up)} up in ${up.bytes} bytes, down in ${down.bytes}; ${counted(asked, "request")}`, crossing: up };
};

const closed = (seen) => {
  const crossing = last(hand(seen, "up", /^1$/));
  return crossing && !session(seen) && { words: "1 up; the session is over", crossing };
};

// Socket.IO.

const connected = (seen) => seen.text("state") === "connected";
const transport = (name) => (seen) => connected(seen) && seen.text("transport") === name;
const chosen = (name) => document.getElementById("transports").value === name;
const welcome = (seen) => last(crossed(seen, "down", /40\{"sid"/));

/** The page is connected anew; `test` says how, `words` what is shown of it. */
const joined = (test, words) => (seen) => {
  const crossing = welcome(seen);
  return crossing && test(seen) && { words: words(seen), crossing };
};
const requests = (seen) => counted(seen.crossed("request", ({ target }) => target.startsWith("/socket.io/")).length, "request");
const id = (seen) => `socket.id ${seen.text("socket-id")}`;

/** An event that asked a question: `{up, number}`, and `ack` when the answer came. */
const asked = (seen, event) => {
  const up = last(crossed(seen, "up", new RegExp(`4[25](\\d+-)?\\d+\\["${event}"`)));
  if (!up) return null;
  const [, , number] = new RegExp(`4[25](\\d+-)?(\\d+)\\["${event}"`).exec(packets(up));
  const ack = crossed(seen, "down", new RegExp(`4[36](\\d+-)?${number}\\[`)).find(({ us }) => us > up.us);
  return { up, number, ack };
};

/** Long enough ago to say that nothing came of it. */
const LONG_MS = 1500;
const longAgo = ({ at }) => performance.now() - at > LONG_MS;

const acked = (seen) => {
  const question = asked(seen, "chat message");
  return question?.ack && { words: `question ${question.number}; its ack came ${((question.ack.us - question.up.us) / 1000).toFixed(1)} ms later, at the server`, crossing: question.ack };
};

const answered = (event) => (seen) => {
  const question = asked(seen, event);
  return question?.ack && { words: last([...document.getElementById("ask-log").children]).querySelector("span").textContent, crossing: question.ack };
};

const silence = (seen) => {
  const question = asked(seen, "ehco");
  return question && !question.ack && longAgo(question.up) && { words: `question ${question.number} went up; ${LONG_MS / 1000} s later: nothing`, crossing: question.up };
};

const timedOut = (seen) => asked(seen, "ehco") && last([...document.getElementById("ask-log").children]).textContent.includes("timed out") && "the page gave up after 2 s";

/** A chat message by polling: its POST, and each request after it. */
const byPolls = (seen) => {
  const question = asked(seen, "chat message");
  if (!question?.ack || !longAgo(question.ack)) return null;
  const all = seen.crossed("request", ({ target, us }) => target.startsWith("/socket.io/") && us >= question.up.us);
  return { words: `${counted(all.length, "request")}: ${all.map(({ label }) => label.split(" ")[0]).join(", ")}`, crossing: question.up };
};

const lost = (seen) => {
  const back = welcome(seen);
  const told = seen.crossed("request", ({ label }) => label.startsWith("POST /publish"));
  if (!back || told.length < 2 || !longAgo(back) || !connected(seen)) return null;
  const heard = crossed(seen, "down", /said while you were away/).length;
  const gone = last(seen.crossings.filter(({ kind, us }) => (kind === "close" || kind === "cut") && us < back.us));
  if (!gone) return null;
  return { words: `2 messages by POST; back after ${((back.us - gone.us) / 1e6).toFixed(1)} s; recovered ${seen.text("recovered")}; ${heard === 0 ? "none" : heard} came`, crossing: back };
};

const cut = (seen) => {
  const [broken] = seen.crossed("cut");
  const back = welcome(seen);
  return back && back.us > broken?.us && connected(seen) && { words: `cut; ${((back.us - broken.us) / 1e6).toFixed(1)} s later a new socket`, crossing: back };
};

const sentLate = (seen) => {
  const lines = [...document.getElementById("log").children].map((line) => line.textContent);
  const waited = lines.findLastIndex((words) => words.includes("waits until"));
  return connected(seen) && waited >= 0 && lines.slice(waited).some((words) => words.includes("the server has it")) && "back by itself, and the message went out";
};

const inRoom = (seen) => {
  const question = asked(seen, "join room");
  return question?.ack && { words: `rooms: ${seen.text("rooms")}`, crossing: question.ack };
};

const toRoom = (seen) => last(crossed(seen, "up", /^42\["room message"/));
const fromRoom = (seen) => last(crossed(seen, "down", /42\["room message"/));

const unheard = (seen) => {
  const left = asked(seen, "leave room");
  const up = toRoom(seen);
  return left?.ack && up?.us >= left.up.us && longAgo(up) && !fromRoom(seen) && { words: `rooms: ${seen.text("rooms")}; your words went up, and nothing came`, crossing: up };
};

/** The words of the newest line of a log that `test`s so. */
const logged = (log, test) => (seen) => last(seen.lines(log, "").filter(test))?.querySelector("span").textContent;

const pushed = (seen) => {
  const crossing = last(crossed(seen, "down", /42\/push,\[/));
  return crossing && { words: packets(crossing).slice(0, 40), crossing };
};

const nowhere = (seen) => {
  const crossing = last(crossed(seen, "down", /44\/nowhere,/));
  return crossing && seen.text("push-state") === "connected" && { words: "connect_error for /nowhere; /push is connected", crossing };
};

const pushAgain = (seen) => {
  const crossing = last(crossed(seen, "down", /40\/push,\{/));
  return crossing && seen.text("push-state") === "connected" && { words: `a new session: ${seen.text("push-session")}`, crossing };
};

const theirs = (seen) => {
  const crossing = last(crossed(seen, "down", /42\["chat message - server"/));
  return crossing && { words: packets(crossing).slice(0, 60), crossing };
};

const elsewhere = (seen) => {
  const crossing = last(crossed(seen, "down", /42\["chat message"/));
  return crossing && !asked(seen, "chat message") && { words: "said in lesson 6, heard here", crossing };
};

defineSteps({
  "socketio": [opened],
  "a-get-that-waits": [waiting, echoed, mark("each packet begins with a digit; each request has the sid", "eio-type", "request-line")],
  "the-first-packet": [mark("0, and the rules", "down-eio-type", "down-sio-data")],
  "several-in-one-answer": {
    guess: { choices: ["1", "2", "3"], right: "1", after: 2 },
    steps: [keptBack, together, mark("one byte between two packets", "eio-separator")],
  },
  "still-there": [pinged, ponged],
  "when-no-pong-comes": [(seen) => seen.text("engine-left") === "0 s" && "45 s without a Pong", refused],
  "the-upgrade": [waiting, probed, upgraded],
  "in-frames": {
    guess: { choices: ["none", "1", "2"], right: "none", after: 1 },
    steps: [inFrames, mark("the same packet; a browser's frames are masked", "eio-type", "sio-data", "up-ws-masked"), closed],
  },
  "all-of-it-by-itself": [
    joined((seen) => transport("websocket")(seen) && seen.crossed("handshake").length > 0, (seen) => `${requests(seen)}, one of them the handshake; ${id(seen)}`),
    (seen) => seen.picked(({ target }) => target?.startsWith("/socket.io/"))?.label,
    mark("40: a message, and in it a connect", "sio-type", "eio-type"),
  ],
  "the-packets-in-words": [joined((seen) => connected(seen) && seen.lines("packets", "2 event").length > 0, (seen) => counted(seen.lines("packets", "").length, "line"))],
  "who-is-here": [
    (seen) => Number.parseInt(seen.text("here"), 10) > 1 && `here: ${seen.text("here")}`,
    (seen) => seen.text("typing"),
  ],
  "an-answer": [acked, mark("the answer has the same number", "sio-ack")],
  "an-event-that-nobody-hears": [answered("echo"), silence, timedOut],
  "bytes": [answered("echo")],
  "the-same-conversation": [elsewhere],
  "by-polling-only": {
    guess: { choices: ["none", "1", "2 or 3", "5 or 6"], right: "2 or 3", after: 2 },
    steps: [
      joined((seen) => chosen("polling") && transport("polling")(seen), (seen) => `transport: ${seen.text("transport")}; ${id(seen)}`),
      byPolls,
      joined((seen) => chosen("websocket") && transport("websocket")(seen) && seen.crossed("handshake").length > 0, (seen) => `transport: ${seen.text("transport")}; one handshake`),
    ],
  },
  "when-it-breaks": { guess: { choices: ["none", "1", "both"], right: "none", after: 1 }, steps: [lost] },
  "the-server-cuts": [cut],
  "when-the-server-stops": [
    (seen) => seen.crossed("cut", ({ label }) => label === "the server is gone").length > 0 && Number(seen.text("attempts")) > 0 && `away; attempts: ${seen.text("attempts")}`,
    (seen) => !connected(seen) && logged("log", (line) => line.textContent.includes("waits until"))(seen),
    sentLate,
  ],
  "recovery": [
    (seen) => seen.text("rooms") !== "none" && connected(seen) && `rooms: ${seen.text("rooms")}`,
    (seen) => seen.text("recovered") === "true" && connected(seen) && `recovered true; still in ${seen.text("rooms")}; last offset ${seen.text("offset")}`,
  ],
  "a-room": [inRoom, (seen) => toRoom(seen) && fromRoom(seen) && { words: "up, and down again: you are in the room", crossing: fromRoom(seen) }, unheard],
  "a-room-with-two-tabs": [logged("room-log", (line) => line.className === "down" && !line.textContent.includes("] me:"))],
  "to-all-but-one": [logged("ask-log", (line) => line.textContent.includes("broadcast: "))],
  "several-sockets": [pushed, mark("each packet carries it", "sio-namespace"), nowhere],
  "one-connection-below": [pushAgain],
  "somebody-elses-chat": [theirs],
});
