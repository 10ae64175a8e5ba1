// The mistakes of lesson 1, each the wrong way and the right way. The text runs them.
// `say` writes a line; `signal` aborts when the reader presses Stop.

import { dataText } from "/shared/format.js";
import { jsonOf, publish } from "/shared/publish.js";
import { pause } from "/view/try.js";

// Equal URLs would wait for each other in the browser, so each question has a number.
let numbers = 0;

const get = (path, query, signal) =>
  fetch(`${path}?${new URLSearchParams({ ...query, n: ++numbers })}`, { signal }).then(jsonOf);

const messages = (query, signal) => get("/short-polling/messages", query, signal);

/** A server that has too much to do: 1.5 s for each odd question, 0.5 s for each even one. */
const askSlowServer = (number, signal) =>
  get("/mistakes/short-polling/slow", { ms: number % 2 ? 1500 : 500 }, signal);

// A timer that does not wait for the answer.

// ANCHOR: set-interval-wrong
export async function setIntervalWrong(say, signal) {
  let asked = 0;
  let underWay = 0;
  const ask = async () => {
    const number = ++asked;
    say(`question ${number} goes out; under way: ${++underWay}`);
    await askSlowServer(number);
    if (!signal.aborted) say(`answer ${number} is here; under way: ${--underWay}`);
  };
  const timer = setInterval(ask, 400);
  await pause(2600, signal).finally(() => clearInterval(timer));
  say(`clearInterval: stopped? Under way: ${underWay}`);
  await pause(2000, signal);
}
// ANCHOR_END: set-interval-wrong

// ANCHOR: set-interval-right
export async function setIntervalRight(say, signal) {
  let underWay = 0;
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const poll = async () => {
    for (let number = 1; !either.aborted; number++) {
      say(`question ${number} goes out; under way: ${++underWay}`);
      await askSlowServer(number, either).finally(() => underWay--);
      say(`answer ${number} is here; under way: ${underWay}`);
      await pause(400, either);
    }
  };
  const polling = poll().catch(() => {});
  await pause(3500, signal);
  stop.abort();
  await polling;
  say(`abort: stopped. Under way: ${underWay}`);
  await pause(2000, signal);
}
// ANCHOR_END: set-interval-right

// To believe that removing a script stops its request.

const SIX = [1, 2, 3, 4, 5, 6];

/** An element of the page that loads for two seconds. */
function load(kind, path) {
  const element = document.createElement(kind);
  element.hidden = true;
  element.src = `/mistakes/short-polling/${path}ms=2000&n=${++numbers}`;
  document.body.append(element);
  return element;
}

/** How long one small question takes now. */
async function smallQuestion(say, signal) {
  const began = performance.now();
  await messages({}, signal);
  say(`a small question now takes ${((performance.now() - began) / 1000).toFixed(2)} s`);
}

// ANCHOR: remove-script-wrong
export async function removeScriptWrong(say, signal) {
  let called = 0;
  window.sixAnswers = () => called++;
  const scripts = SIX.map(() => load("script", "slow-script?callback=sixAnswers&"));
  await pause(500, signal);
  for (const script of scripts) script.remove();
  say("six scripts are removed");
  await smallQuestion(say, signal);
  await pause(1500, signal);
  say(`their function was called ${called} times all the same`);
}
// ANCHOR_END: remove-script-wrong

// ANCHOR: remove-script-right
export async function removeScriptRight(say, signal) {
  const frames = SIX.map(() => load("iframe", "slow-page?"));
  await pause(500, signal).finally(() => frames.forEach((frame) => frame.remove()));
  say("six iframes are removed");
  await smallQuestion(say, signal);

  const stop = new AbortController();
  const ask = () => get("/mistakes/short-polling/slow", { ms: 2000 }, stop.signal);
  const six = SIX.map(() => ask().catch((error) => error.name));
  await pause(500, signal).finally(() => stop.abort());
  say(`six fetches are aborted: ${await Promise.all(six)}`);
  await smallQuestion(say, signal);
}
// ANCHOR_END: remove-script-right

// To delete the function of a script that has not come.

// ANCHOR: delete-function-wrong
export async function deleteFunctionWrong(say, signal) {
  addEventListener("error", (event) => say(event.message), { once: true, signal });
  window.lateAnswer = () => say("called");
  const script = load("script", "slow-script?callback=lateAnswer&");
  await pause(500, signal);
  script.remove();
  delete window.lateAnswer;
  say("removed, and its function deleted");
  await pause(2500, signal);
}
// ANCHOR_END: delete-function-wrong

// ANCHOR: delete-function-right
export async function deleteFunctionRight(say, signal) {
  let wanted = true;
  window.lateAnswer = () => say(wanted ? "called" : "called, and nobody wants it any more: thrown away");
  const script = load("script", "slow-script?callback=lateAnswer&");
  script.addEventListener("load", () => delete window.lateAnswer);
  await pause(500, signal);
  wanted = false;
  script.remove();
  say("removed; its function stays until the script has come");
  await pause(2500, signal);
}
// ANCHOR_END: delete-function-right

// No cursor.

const THREE = ["one", "two", "three"];

async function publishThree(say) {
  for (const text of THREE) await publish({ from: "mistakes", text });
  say(`published between two polls: ${THREE.join(", ")}`);
}

// ANCHOR: no-cursor-wrong
export async function noCursorWrong(say, signal) {
  const pollNewest = async () => {
    const { messages: all } = await messages({ after: 0 }, signal);
    if (all.length > 0) say(`this poll shows the newest: ${dataText(all.at(-1).data)}`);
  };
  await pollNewest();
  await publishThree(say);
  await pollNewest();
}
// ANCHOR_END: no-cursor-wrong

// ANCHOR: no-cursor-right
export async function noCursorRight(say, signal) {
  const { last_id: cursor } = await messages({}, signal);
  say(`the cursor is ${cursor}`);
  await publishThree(say);
  const { messages: all } = await messages({ after: cursor }, signal);
  for (const message of all) say(`this poll shows ${message.id}, ${dataText(message.data)}`);
}
// ANCHOR_END: no-cursor-right

// To poll for ever.

async function beginSignIn() {
  const { session } = await fetch("/short-polling/sign-in", { method: "POST" }).then(jsonOf);
  return session;
}

/** What the phone does when somebody scans the code and presses Confirm. */
async function confirmOnThePhone(session) {
  for (const step of ["scan", "confirm"]) {
    const body = JSON.stringify({ session });
    await fetch(`/short-polling/sign-in/${step}`, { method: "POST", body }).then(jsonOf);
  }
}

// ANCHOR: for-ever-wrong
export async function forEverWrong(say, signal) {
  const session = await beginSignIn();
  // Eight times, for this page only: the real mistake has no end.
  for (let request = 1; request <= 8; request++) {
    const { state } = await get("/short-polling/sign-in", { session }, signal);
    say(`request ${request}: ${state}`);
    if (request === 2) await confirmOnThePhone(session);
    await pause(500, signal);
  }
}
// ANCHOR_END: for-ever-wrong

// ANCHOR: for-ever-right
export async function forEverRight(say, signal) {
  const session = await beginSignIn();
  for (let request = 1; ; request++) {
    const { state } = await get("/short-polling/sign-in", { session }, signal);
    say(`request ${request}: ${state}`);
    if (["confirmed", "expired"].includes(state)) return;
    if (request === 2) await confirmOnThePhone(session);
    await pause(500, signal);
  }
}
// ANCHOR_END: for-ever-right
