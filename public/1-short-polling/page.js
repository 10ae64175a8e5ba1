// Lesson 1, short polling: ask, wait a while, ask again.

import { byId, chatBox, comingBack, countBytes, jsonOf, panel } from "/kit.js";
import "./sign-in.js";

// Three ways to ask. Each takes the query and gives a promise of {messages, last_id, gap?}.

async function askByFetch(query, signal) {
  const response = await fetch(`/short-polling/messages?${query}`, { signal });
  return jsonOf(response);
}

function askByIframe(query, signal) {
  return new Promise((resolve, reject) => {
    const frame = document.createElement("iframe");
    frame.hidden = true;
    frame.src = `/short-polling/iframe?${query}`;

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

let scripts = 0;

function askByJsonp(query, signal) {
  return new Promise((resolve, reject) => {
    const callback = `jsonpAnswer${++scripts}`;
    const script = document.createElement("script");
    script.src = `/short-polling/jsonp?callback=${callback}&${query}`;

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

const WAYS = { fetch: askByFetch, iframe: askByIframe, jsonp: askByJsonp };
const line = comingBack();
let running = null;

async function poll(signal) {
  while (!signal.aborted) {
    const way = document.querySelector("[name=way]:checked").value;
    // Without a cursor the server answers at once with the last id: from there on we miss nothing.
    const query = new URLSearchParams(panel.id ? { after: panel.id } : {});
    panel.state("waiting");
    panel.request();
    try {
      const answer = await WAYS[way](query, signal);
      line.back();
      show(answer);
      if (answer.messages.length > 0 && byId("stop-on-success").checked) return stop();
    } catch (error) {
      if (signal.aborted) return;
      if (!(await line.lost(`connection lost (${error.message})`))) return;
      continue;
    }
    panel.state("idle");
    // The wait begins when the answer is here. setInterval would not care, and slow answers would overlap.
    await pause(Number(byId("interval").value), signal);
  }
}

function show(answer) {
  if (answer.gap) panel.gap();
  for (const message of answer.messages) panel.message(message);
  if (answer.messages.length === 0) panel.log("nothing new");
  panel.lastId(answer.last_id);
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

byId("start").addEventListener("click", start);
byId("stop").addEventListener("click", stop);
countBytes("/short-polling/messages");
countBytes("/short-polling/iframe");
countBytes("/short-polling/jsonp");
chatBox();
