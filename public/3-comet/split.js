// One line that comes in two pieces: what a reader of pieces sees, and what a reader of lines sees.

import { addLine, byId } from "/shared/panel.js";
import { linesOf } from "/shared/lines.js";

const log = byId("split-log");
let runs = 0;

// ANCHOR: both
async function start() {
  byId("split-start").disabled = true;
  log.replaceChildren();
  try {
    const response = await fetch(`/comet/split?run=${++runs}`);
    // The same body twice, for two readers.
    const [one, other] = response.body.tee();
    await Promise.all([readPieces(one), readLines(other)]);
  } catch (error) {
    addLine(log, `not all came: ${error.message}`, "lost");
  }
  byId("split-start").disabled = false;
}

async function readPieces(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  for (let n = 1; ; n++) {
    const { value, done } = await reader.read();
    if (done) return;
    const text = decoder.decode(value, { stream: true });
    addLine(log, `piece ${n}, ${value.length} bytes: ${text}`, "down");
  }
}

async function readLines(body) {
  for await (const line of linesOf(body)) addLine(log, `line: ${JSON.parse(line).text}`, "down");
}
// ANCHOR_END: both

byId("split-start").addEventListener("click", start);
