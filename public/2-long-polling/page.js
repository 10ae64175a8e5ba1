// Lesson 2, long polling: ask, and let the server wait with its answer until there is one.

import { byId, chatBox, comingBack, countBytes, jsonOf, panel } from "/kit.js";

// Browsers make equal URLs wait for each other. With a name of its own each tab asks for a URL of its own.
// ANCHOR: tab
const TAB = Math.random().toString(36).slice(2, 10);
// ANCHOR_END: tab

// Three ways to ask. Each takes the query and gives a promise of {messages, last_id, gap?}.

// ANCHOR: ask-by-fetch
async function askByFetch(query, signal) {
  const response = await fetch(`/long-polling/messages?${query}`, { signal });
  // 204 has no body, and json() of no body throws. It is no error: the wait ran out without news.
  if (response.status === 204) return { messages: [], last_id: response.headers.get("Last-Event-ID") };
  return jsonOf(response);
}
// ANCHOR_END: ask-by-fetch

function askByIframe(query, signal) {
  return new Promise((resolve, reject) => {
    const frame = document.createElement("iframe");
    frame.hidden = true;
    frame.src = `/long-polling/iframe?${query}`;

    const done = (settle, value) => {
      removeEventListener("message", heard);
      // Removing an iframe also ends its request: the server sees the connection close.
      frame.remove();
      settle(value);
    };
    const heard = (event) => {
      if (event.origin !== location.origin || event.source !== frame.contentWindow) return;
      if (event.data.error) done(reject, new Error(event.data.error));
      else done(resolve, event.data);
    };
    addEventListener("message", heard);
    // An iframe has no error event. The browser's own error page loads too, but it posts nothing.
    frame.addEventListener("load", () => setTimeout(done, 200, reject, new Error("the iframe brought no answer")));
    signal.addEventListener("abort", () => done(reject, signal.reason));
    document.body.append(frame);
  });
}

let scripts = 0;

function askByJsonp(query, signal) {
  return new Promise((resolve, reject) => {
    const callback = `jsonpAnswer${++scripts}`;
    const script = document.createElement("script");
    script.src = `/long-polling/jsonp?callback=${callback}&${query}`;

    window[callback] = (answer) => {
      if (answer.error) reject(new Error(answer.error));
      else resolve(answer);
    };
    const clean = () => {
      script.remove();
      delete window[callback];
    };
    script.addEventListener("load", () => {
      clean();
      // Does nothing if the callback ran.
      reject(new Error("the script brought no answer"));
    });
    script.addEventListener("error", () => {
      clean();
      reject(new Error("the script did not load"));
    });
    // Nothing can stop a script's request: it waits on, and its answer is thrown away when it comes.
    signal.addEventListener("abort", () => reject(signal.reason));
    document.head.append(script);
  });
}

const WAYS = { fetch: askByFetch, iframe: askByIframe, jsonp: askByJsonp };
const line = comingBack();
let running = null;
let askedAt = null;

// ANCHOR: poll
async function poll(signal) {
  while (!signal.aborted) {
    const ask = WAYS[document.querySelector("[name=way]:checked").value];
    const query = new URLSearchParams({ tab: TAB });
    if (panel.id) {
      query.set("after", panel.id);
      query.set("wait", byId("wait").value);
    } else {
      // The first request does not wait: it only brings the cursor, so that nothing is missed later.
      query.set("wait", 0);
    }
    panel.state("waiting");
    panel.request();
    askedAt = performance.now();
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
  byId("waited").textContent = askedAt === null ? "–" : secondsWaited();
}, 100);

function start() {
  running = new AbortController();
  byId("start").disabled = true;
  byId("stop").disabled = false;
  panel.note();
  poll(running.signal);
}

function stop() {
  running.abort();
  line.stop();
  askedAt = null;
  byId("start").disabled = false;
  byId("stop").disabled = true;
  panel.state("stopped");
}

byId("tab").textContent = TAB;
byId("start").addEventListener("click", start);
byId("stop").addEventListener("click", stop);
countBytes("/long-polling/");
chatBox();
