// A run as a file, and a file laid beside what is measured now.

import { byId } from "/shared/panel.js";
import { reports, row } from "./hundreds.js";
import { race, tell } from "./race.js";
import { bytes, milliseconds } from "./words.js";

const FORM = "poll-to-push race 1";
const BIGGEST = 1_000_000;
let saved = null;

/** What was measured until now. */
export function run() {
  const lanes = race.lanes.filter((lane) => lane.messages > 0);
  return {
    form: FORM,
    saved_at: new Date().toISOString(),
    browser: navigator.userAgent,
    lanes: lanes.map((lane) => ({
      name: lane.name,
      messages: lane.messages,
      median_ms: lane.median,
      worst_ms: lane.worst,
      requests: lane.requests,
      bytes_up: race.seesBytes ? lane.up : null,
      bytes_down: race.seesBytes ? lane.down : null,
    })),
    loads: reports,
  };
}

const say = (words, kind = "") => {
  byId("kept").className = `notice ${kind}`;
  byId("kept").textContent = words;
};

function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(run(), null, 1)], { type: "application/json" }));
  link.download = `race-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.json`;
  link.click();
  // The browser has begun to take it when this turn is over, and not before.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  say(`Saved as ${link.download}.`);
  tell("saved", { name: link.download });
}

const isFigure = (value) => value === null || Number.isFinite(value);

/** Reads a file that `save` wrote; throws what is wrong with it. */
export function read(text) {
  const said = JSON.parse(text);
  if (said?.form !== FORM) throw new Error(`it is no run of this page ("form" is not "${FORM}")`);
  const right = Array.isArray(said.lanes) && said.lanes.every((lane) => typeof lane?.name === "string" && [lane.median_ms, lane.worst_ms, lane.messages, lane.bytes_up, lane.bytes_down].every(isFigure));
  if (!right || !Array.isArray(said.loads)) throw new Error("its lanes are not what this page writes");
  // A row of a run that is not whole is no row.
  said.loads.forEach(row);
  return said;
}

async function layBeside() {
  const [file] = byId("beside").files;
  if (!file) return;
  try {
    if (file.size > BIGGEST) throw new Error("it is too big");
    saved = read(await file.text());
    say(`Beside it: the run of ${String(saved.saved_at).slice(0, 16).replace("T", ", ")} UTC.`);
    tell("beside");
  } catch (error) {
    saved = null;
    say(`${file.name} cannot be laid beside: ${error.message}`, "lost");
  }
  show();
}

const bytesEach = (lane) => (lane.bytes_up === null || lane.messages === 0 ? null : (lane.bytes_up + lane.bytes_down) / lane.messages);

function cells(...words) {
  const line = document.createElement("tr");
  words.forEach((text, n) => {
    const cell = document.createElement(n === 0 ? "th" : "td");
    if (n === 0) cell.scope = "row";
    cell.textContent = text;
    line.append(cell);
  });
  return line;
}

/** The newest run of the load program with this technique and so many subscribers. */
const same = (loads, one) => loads.findLast((it) => it.technique === one.technique && it.subscribers === one.subscribers);

function show() {
  const now = run();
  const lanes = race.lanes.flatMap(({ name, words }) => {
    const [today, then] = [now, saved].map((it) => it?.lanes.find((lane) => lane.name === name));
    if (!today && !then) return [];
    return [cells(words, milliseconds(today?.median_ms), milliseconds(then?.median_ms), bytes(today && bytesEach(today)), bytes(then && bytesEach(then)))];
  });
  const all = [...now.loads, ...(saved?.loads ?? [])];
  const loads = all.filter((one, n) => all.findIndex((it) => it.technique === one.technique && it.subscribers === one.subscribers) === n);
  const last = loads.slice(-4).map((one) => {
    const [today, then] = [same(now.loads, one), same(saved?.loads ?? [], one)];
    const [name, to] = row(one);
    const down = (it) => bytes(it && it.bytes_up_per_delivery + it.bytes_down_per_delivery);
    return cells(`${name}, to ${to}`, milliseconds(today?.last_delivery.median_ms), milliseconds(then?.last_delivery.median_ms), down(today), down(then));
  });
  byId("runs").tBodies[0].replaceChildren(...lanes, ...last);
}

export function setUpKeep() {
  byId("save").addEventListener("click", save);
  byId("beside").addEventListener("change", layBeside);
  // What is measured now goes on.
  setInterval(() => {
    if (!document.hidden && byId("runs").checkVisibility()) show();
  }, 1000);
}
