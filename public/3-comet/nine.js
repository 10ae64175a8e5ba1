// Nine messages in one answer; and the same nine read in three ways, side by side.

import { stateName, XHR_STATES } from "/shared/format.js";
import { addLine, byId } from "/shared/panel.js";
import { linesOf } from "/shared/lines.js";

/** Reads the answer while it grows: at readyState 3, and once more at 4. */
function byXhr(url, seen, state) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    let read = 0;
    // ANCHOR: xhr
    xhr.addEventListener("readystatechange", () => {
      state(stateName(XHR_STATES, xhr.readyState));
      // 4 counts as well: the last piece may be seen only there.
      if (xhr.readyState < XMLHttpRequest.LOADING) return;
      // responseText is always all that came so far, so we go on where we stopped, and leave half a line for later.
      const end = xhr.responseText.lastIndexOf("\n") + 1;
      for (const line of xhr.responseText.slice(read, end).split("\n")) if (line) seen(JSON.parse(line));
      read = end;
    });
    // ANCHOR_END: xhr
    xhr.addEventListener("load", resolve);
    xhr.addEventListener("error", () => reject(new Error("the connection was lost")));
    xhr.open("GET", url);
    xhr.send();
  });
}

/** Reads the answer while it grows, piece by piece. */
// ANCHOR: fetch
async function byFetch(url, seen, state) {
  state("waiting");
  const response = await fetch(url);
  state("reading");
  for await (const line of linesOf(response.body)) {
    if (line) seen(JSON.parse(line));
  }
  state("done");
}
// ANCHOR_END: fetch

/** Waits for the whole answer, as most Ajax code does. */
// ANCHOR: ajax
async function byPlainAjax(url, seen, state) {
  state("waiting");
  const response = await fetch(url);
  const text = await response.text();
  for (const line of text.split("\n")) if (line) seen(JSON.parse(line));
  state("done");
}
// ANCHOR_END: ajax

const WAYS = { xhr: byXhr, fetch: byFetch, ajax: byPlainAjax };
const OF = 9;
let runs = 0;

function clearTable() {
  const rows = Array.from({ length: OF }, (_, i) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = i + 1;
    row.append(head);
    for (const way of Object.keys(WAYS)) {
      const cell = document.createElement("td");
      cell.id = `nine-${way}-${i + 1}`;
      row.append(cell);
    }
    return row;
  });
  byId("nine-rows").replaceChildren(...rows);
}

async function start() {
  byId("nine-start").disabled = true;
  byId("nine-error").textContent = "";
  clearTable();
  const begun = performance.now();
  runs += 1;
  const all = Object.entries(WAYS).map(([way, read]) => {
    const seen = (message) => {
      byId(`nine-${way}-${message.n}`).textContent = `${((performance.now() - begun) / 1000).toFixed(2)} s`;
    };
    const state = (words) => {
      byId(`nine-${way}-state`).textContent = words;
    };
    // Three equal URLs would wait for each other in the browser.
    return read(`/comet/nine?way=${way}&run=${runs}`, seen, state);
  });
  try {
    await Promise.all(all);
  } catch (error) {
    byId("nine-error").textContent = `the nine messages did not all come: ${error.message}. Press the button again.`;
  }
  byId("nine-start").disabled = false;
}

async function askOnce() {
  const log = byId("once-log");
  byId("once-start").disabled = true;
  log.replaceChildren();
  try {
    await byFetch(`/comet/nine?once=${++runs}`, ({ text }) => addLine(log, text, "down"), () => {});
  } catch (error) {
    addLine(log, `the nine messages did not all come: ${error.message}. Press the button again.`, "lost");
  }
  byId("once-start").disabled = false;
}

clearTable();
byId("once-start").addEventListener("click", askOnce);
byId("nine-start").addEventListener("click", start);
