// Hundreds of subscribers: the server's load program, at the press of a button. Each run is a row; the rows stay.

import { linesOf } from "/shared/lines.js";
import { byId } from "/shared/panel.js";
import { jsonOf } from "/shared/publish.js";
import { tell } from "./race.js";
import { milliseconds, oneDigit, whole } from "./words.js";

const MESSAGES = 50;
const RATE = 10;
const PAYLOAD = 32;

/** The reports of this page's runs, the newest last. */
export const reports = [];
let running = null;

const say = (words, kind = "") => {
  byId("load-state").className = `notice ${kind}`;
  byId("load-state").textContent = words;
};

export const technique = (name) => byId("load-technique").querySelector(`[value="${name}"]`)?.textContent ?? name;

function tellOf({ joined, subscribers, acknowledged, messages, deliveries }) {
  if (joined < subscribers) say(`${whole(joined)} of ${whole(subscribers)} have subscribed`);
  else say(`${whole(acknowledged)} of ${whole(messages)} messages published, ${whole(deliveries)} delivered`);
}

/** What a report's row says; the classes are those of the table's head. */
export function row(report) {
  const { server } = report;
  return [
    technique(report.technique),
    whole(report.subscribers),
    milliseconds(report.last_delivery.median_ms),
    milliseconds(report.last_delivery.max_ms),
    milliseconds(report.last_delivery.p99_ms),
    whole(report.deliveries_per_second),
    server ? oneDigit(server.threads_per_connection) : "–",
    server ? oneDigit(server.resident_bytes_per_connection / 1024) : "–",
    server ? `${whole(server.cpu_percent)} %` : "–",
  ];
}

function add(report) {
  reports.push(report);
  const table = byId("loads");
  table.hidden = false;
  const line = document.createElement("tr");
  row(report).forEach((words, n) => {
    const cell = document.createElement(n === 0 ? "th" : "td");
    if (n === 0) cell.scope = "row";
    cell.className = table.tHead.rows[0].cells[n].className;
    cell.textContent = words;
    line.append(cell);
  });
  table.tBodies[0].prepend(line);
  tell("report", { report });
}

const NAMES = { complete: "All came", stalled: "Not all came", cancelled: "It was ended" };

function told({ report, error }) {
  if (error) return say(`The run failed: ${error}`, "lost");
  add(report);
  const all = `${whole(report.deliveries)} of ${whole(report.deliveries_expected)} deliveries`;
  const wrong = Object.entries(report.errors).map(([what, count]) => `; ${count} × ${what}`).join("");
  say(`${NAMES[report.ending]}: ${all}${report.lost + report.doubled > 0 ? `, ${report.lost} lost, ${report.doubled} twice` : ""}${wrong}.`, report.ending === "complete" ? "" : "lost");
}

async function run() {
  running = new AbortController();
  setRunning(true);
  say("asked the server");
  try {
    const asked = { technique: byId("load-technique").value, subscribers: Number(byId("load-subscribers").value), messages: MESSAGES, payload: PAYLOAD, rate: RATE };
    const response = await fetch("/race/load", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(asked), signal: running.signal });
    if (!response.ok) await jsonOf(response);
    let last = null;
    for await (const line of linesOf(response.body)) {
      last = JSON.parse(line);
      if (!last.report && !last.error) tellOf(last);
    }
    told(last?.report || last?.error ? last : { error: "the server ended the answer" });
  } catch (error) {
    if (running.signal.aborted) say("Ended: the page left, and the server stops the run.");
    else say(`The run failed: ${error.message}`, "lost");
  }
  setRunning(false);
}

function setRunning(is) {
  byId("load-run").disabled = is;
  byId("load-stop").disabled = !is;
}

export function setUpHundreds() {
  byId("load-run").addEventListener("click", run);
  byId("load-stop").addEventListener("click", () => running?.abort());
}
