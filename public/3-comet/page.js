// Lesson 3, HTTP streaming: one answer that stays open, read while it grows.

import "/shared/faults.js";
import { byId, panel } from "/shared/panel.js";
import { jsonOf, onSend } from "/shared/publish.js";
import { reconnecting } from "/shared/reconnect.js";
import { linesOf } from "/shared/lines.js";
import "./nine.js";
import "./split.js";

const line = reconnecting();
let running = null;

// ANCHOR: listen
async function listen(signal) {
  while (!signal.aborted) {
    try {
      await readStream(signal);
      // A stream that is meant to stay open and ends is a loss too.
      throw new Error("the server ended the answer");
    } catch (error) {
      if (signal.aborted) return;
      panel.state("idle");
      if (!(await line.lost(`connection lost (${error.message})`))) return;
    }
  }
}
// ANCHOR_END: listen

// ANCHOR: read
async function readStream(signal) {
  const query = new URLSearchParams(panel.id ? { after: panel.id } : {});
  panel.state("waiting");
  panel.request();
  const response = await fetch(`/comet/stream?${query}`, { signal, cache: "no-store" });
  if (!response.ok) await jsonOf(response);

  // fetch is done when the head has come. The body comes later, and goes on.
  panel.state("reading");
  // The head brings the cursor: from here on nothing is missed, even before the first message.
  if (!panel.id && response.headers.has("Last-Event-ID")) panel.lastId(response.headers.get("Last-Event-ID"));
  line.back();
  for await (const text of linesOf(response.body, panel.bytes)) {
    if (text === "") {
      panel.log("heartbeat: an empty line");
      continue;
    }
    const message = JSON.parse(text);
    if (message.gap) panel.gap();
    else panel.message(message);
  }
}
// ANCHOR_END: read

function start() {
  running = new AbortController();
  panel.running(true);
  panel.note();
  listen(running.signal);
}

function stop() {
  running.abort();
  line.stop();
  panel.running(false);
  panel.state("stopped");
}

byId("start").addEventListener("click", start);
byId("stop").addEventListener("click", stop);
onSend();
