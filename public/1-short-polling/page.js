// Lesson 1, short polling: ask, wait a while, ask again.

import { askByIframe, askByJsonp } from "/shared/ask.js";
import { byId, countBytes, panel } from "/shared/panel.js";
import { jsonOf, onSend, publish } from "/shared/publish.js";
import { reconnecting } from "/shared/reconnect.js";
import { setUpTabs } from "./tabs.js";
import "./sign-in.js";

// The first of three ways to ask. Each takes the URL and gives a promise of {messages, last_id, gap?}.

// ANCHOR: ask-by-fetch
async function askByFetch(url, signal) {
  const response = await fetch(url, { signal });
  return jsonOf(response);
}
// ANCHOR_END: ask-by-fetch

const WAYS = {
  fetch: {
    ask: askByFetch,
    path: "/short-polling/messages",
    words: "The script asks, and reads the JSON of the answer itself.",
  },
  iframe: {
    ask: askByIframe,
    path: "/short-polling/iframe",
    words: "A page that nobody sees is loaded. A script in it posts the answer to this page.",
  },
  jsonp: {
    ask: askByJsonp,
    path: "/short-polling/jsonp",
    words: "A script is loaded. It calls a function of this page with the answer.",
  },
};
const line = reconnecting();
let way = WAYS.fetch;
let running = null;

// ANCHOR: poll
async function poll(signal) {
  while (!signal.aborted) {
    // Without a cursor the server answers at once with the last id: from there on we miss nothing.
    const url = `${way.path}?${new URLSearchParams(panel.id ? { after: panel.id } : {})}`;
    byId("asked").textContent = `GET ${url}`;
    panel.state("waiting");
    panel.request();
    try {
      const answer = await way.ask(url, signal);
      line.back();
      show(answer);
      if (answer.messages.length > 0 && byId("stop-on-success").checked) return stop();
    } catch (error) {
      if (signal.aborted) return;
      panel.state("idle");
      if (!(await line.lost(`connection lost (${error.message})`))) return;
      continue;
    }
    panel.state("idle");
    // The wait begins when the answer is here. setInterval would not care, and slow answers would overlap.
    await pause(Number(byId("interval").value), signal);
  }
}
// ANCHOR_END: poll

// ANCHOR: show
function show(answer) {
  if (answer.gap) panel.gap();
  for (const message of answer.messages) panel.message(message);
  if (answer.messages.length === 0) nothingNew();
  panel.answer(answer.last_id);
}
// ANCHOR_END: show

/** Empty answers in a row are one line, so that what is above it stays in sight. */
function nothingNew() {
  const newest = byId("log").lastElementChild?.lastElementChild;
  const [, times = 1] = /^nothing new(?:, (\d+) times)?$/.exec(newest?.textContent) ?? [null, 0];
  if (times === 0) panel.log("nothing new");
  else newest.textContent = `nothing new, ${Number(times) + 1} times`;
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function start() {
  running = new AbortController();
  panel.running(true);
  panel.note();
  poll(running.signal);
}

function stop() {
  running.abort();
  line.stop();
  panel.running(false);
  panel.state("stopped");
}

function choose(tab) {
  way = WAYS[tab.dataset.way];
  byId("way-words").textContent = way.words;
}

setUpTabs(document.querySelector("[role=tablist]"), choose);
byId("start").addEventListener("click", start);
byId("stop").addEventListener("click", stop);
for (const { path } of Object.values(WAYS)) countBytes(path);
onSend(async (data) => panel.log(`sent as ${await publish(data)}`, "up"));
