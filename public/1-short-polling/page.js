// Lesson 1, short polling: ask, wait a while, ask again.

import { byId, chatBox, comingBack, countBytes, jsonOf, panel } from "/kit.js";
import { setUpTabs } from "./tabs.js";
import "./sign-in.js";

// Three ways to ask. Each takes the URL and gives a promise of {messages, last_id, gap?}.

// ANCHOR: ask-by-fetch
async function askByFetch(url, signal) {
  const response = await fetch(url, { signal });
  return jsonOf(response);
}
// ANCHOR_END: ask-by-fetch

// ANCHOR: ask-by-iframe
function askByIframe(url, signal) {
  return new Promise((resolve, reject) => {
    const frame = document.createElement("iframe");
    frame.hidden = true;
    frame.src = url;

    const done = (settle, value) => {
      removeEventListener("message", heard);
      // Removing an iframe also ends its request.
      frame.remove();
      settle(value);
    };
    const heard = (event) => {
      // Any window may post to this page: only our own frame is believed.
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
// ANCHOR_END: ask-by-iframe

let scripts = 0;

// ANCHOR: ask-by-jsonp
function askByJsonp(url, signal) {
  return new Promise((resolve, reject) => {
    const callback = `jsonpAnswer${++scripts}`;
    const script = document.createElement("script");
    script.src = `${url}&callback=${callback}`;

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
    // Nothing can stop a script's request, so its callback stays until it came.
    signal.addEventListener("abort", () => reject(signal.reason));
    document.head.append(script);
  });
}
// ANCHOR_END: ask-by-jsonp

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
const line = comingBack();
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
  if (answer.messages.length === 0) panel.log("nothing new");
  panel.answer(answer.last_id);
}
// ANCHOR_END: show

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
  byId("start").disabled = true;
  byId("stop").disabled = false;
  panel.note();
  poll(running.signal);
}

function stop() {
  running.abort();
  line.stop();
  byId("start").disabled = false;
  byId("stop").disabled = true;
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
chatBox();
