// Lesson 2, long polling: ask, and let the server wait with its answer until there is one.

import { askByIframe, askByJsonp } from "/shared/ask.js";
import { byId, countBytes, panel } from "/shared/panel.js";
import { jsonOf, onSend, publish } from "/shared/publish.js";
import { reconnecting } from "/shared/reconnect.js";

// Browsers make equal URLs wait for each other. With a name of its own each tab asks for a URL of its own.
// ANCHOR: tab
const TAB = Math.random().toString(36).slice(2, 10);
// ANCHOR_END: tab

// Three ways to ask. Each takes the query and gives a promise of {messages, last_id, gap?}.

// ANCHOR: ask-by-fetch
async function askByFetch(query, signal) {
  // Two URLs with one contract: how the server waits makes no difference here.
  const response = await fetch(`/long-polling/${byId("at").value}?${query}`, { signal });
  // 204 has no body, and json() of no body throws. It is no error: the wait ran out without news.
  if (response.status === 204) return { messages: [], last_id: response.headers.get("Last-Event-ID") };
  return jsonOf(response);
}
// ANCHOR_END: ask-by-fetch

const WAYS = {
  fetch: askByFetch,
  iframe: (query, signal) => askByIframe(`/long-polling/iframe?${query}`, signal),
  jsonp: (query, signal) => askByJsonp(`/long-polling/jsonp?${query}`, signal),
};
const line = reconnecting();
let running = null;
let askedAt = null;
/** How the request that waits was asked, in words. */
let asked = "";

// ANCHOR: question
function nextQuestion() {
  const query = new URLSearchParams();
  if (panel.id) {
    query.set("after", panel.id);
    query.set("wait", byId("wait").value);
  } else {
    // The first request does not wait: it only brings the cursor, so that nothing is missed later.
    query.set("wait", 0);
  }
  query.set("tab", TAB);
  return query;
}
// ANCHOR_END: question

function tellOf(query, way) {
  panel.state("waiting");
  panel.request();
  askedAt = performance.now();
  asked = `${query.get("wait")} s, by ${way}`;
}

// ANCHOR: poll
async function poll(signal) {
  while (!signal.aborted) {
    const way = document.querySelector("[name=way]:checked").value;
    const ask = WAYS[way];
    const query = nextQuestion();
    tellOf(query, way);
    try {
      const answer = await ask(query, signal);
      line.back();
      show(answer);
    } catch (error) {
      if (signal.aborted) return;
      askedAt = null;
      panel.state("idle");
      if (!(await line.lost(`connection lost (${error.message})`))) return;
    }
    // No pause: the next request goes out at once. The server does the waiting.
  }
}
// ANCHOR_END: poll

// ANCHOR: show
function show(answer) {
  const waited = secondsWaited();
  if (answer.gap) panel.gap();
  for (const message of answer.messages) panel.message(message);
  if (answer.messages.length === 0) panel.log(`no news; the request waited ${waited}`);
  panel.answer(answer.last_id);
}
// ANCHOR_END: show

const secondsWaited = () => `${((performance.now() - askedAt) / 1000).toFixed(1)} s`;

setInterval(() => {
  const words = askedAt === null ? "–" : `${Math.floor((performance.now() - askedAt) / 1000)} s of ${asked}`;
  if (byId("waited").textContent !== words) byId("waited").textContent = words;
}, 100);

function start() {
  running = new AbortController();
  panel.running(true);
  panel.note();
  poll(running.signal);
}

function stop() {
  running.abort();
  line.stop();
  askedAt = null;
  panel.running(false);
  panel.state("stopped");
}

byId("tab").textContent = TAB;
byId("start").addEventListener("click", start);
byId("stop").addEventListener("click", stop);
countBytes("/long-polling/");
onSend(async (data) => panel.log(`sent as ${await publish(data)}`, "up"));
