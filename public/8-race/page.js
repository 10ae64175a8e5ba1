// Lesson 8, the race: every way at once. What runs is in race.js; here it is shown, and the buttons are.

import { counted } from "/shared/format.js";
import "/shared/faults.js";
import { byId } from "/shared/panel.js";
import { looking } from "/view/view.js";
import { Drawing } from "./drawing.js";
import { setUpHundreds } from "./hundreds.js";
import { setUpKeep } from "./keep.js";
import { drawLedger, verdict } from "./ledger.js";
import { race, tell } from "./race.js";
import { setUpServer } from "./server.js";
import { bytes, milliseconds } from "./words.js";

const MANY_SECONDS = 10;
/** For the view of the bytes. */
const LONGEST_WAIT_MS = 2000;
const SHOWN_ROWS = 12;
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Sets words, but not the same ones again: a screen reader would say them again. */
function say(it, words, kind) {
  if (it.textContent !== words) it.textContent = words;
  if (kind === undefined) return;
  for (const name of ["lost", "waiting"]) it.classList.toggle(name, name === kind);
}

// The lanes

const COLUMNS = [
  ["delays wide", (lane) => lane.messages],
  ["delays wide", (lane) => (lane.foreign && lane.last !== null ? "≈ " : "") + milliseconds(lane.last)],
  ["delays", (lane) => milliseconds(lane.median)],
  ["delays", (lane) => milliseconds(lane.worst)],
  ["costs", (lane) => lane.requests],
  ["costs wide", (lane) => bytes(race.seesBytes ? lane.up : null)],
  ["costs wide", (lane) => bytes(race.seesBytes ? lane.down : null)],
  ["costs", (lane) => (lane.least ? "≥ " : "") + bytes(race.seesBytes ? lane.bytesEach : null)],
  ["holds", (lane) => lane.held],
];

class LaneRow {
  constructor(lane) {
    this.lane = lane;
    const row = byId("lanes").tBodies[0].insertRow();
    const head = document.createElement("th");
    const label = document.createElement("label");
    this.box = document.createElement("input");
    head.scope = "row";
    this.box.type = "checkbox";
    this.box.id = `on-${lane.name}`;
    label.className = "check";
    label.append(this.box, ` ${lane.words}`);
    head.append(label);
    row.append(head);
    const time = row.insertCell();
    time.className = "time";
    this.drawing = new Drawing(lane, time);
    this.state = document.createElement("span");
    this.state.className = "state";
    time.append(this.state);
    this.cells = COLUMNS.map(([className]) => Object.assign(row.insertCell(), { className }));
    this.row = row;
    this.box.addEventListener("change", () => {
      const refused = race.switch(lane, !lane.on);
      this.box.checked = lane.on;
      tellHeld(refused);
      tell(refused ? "refused" : "switched", { lane: lane.name });
    });
  }

  show() {
    const { lane } = this;
    this.row.classList.toggle("is-off", !lane.on);
    this.box.checked = lane.on;
    say(this.state, lane.state);
    COLUMNS.forEach(([, value], n) => say(this.cells[n], lane.on || lane.messages > 0 ? String(value(lane)) : "–"));
  }
}

function tellHeld(refused) {
  if (refused) say(byId("held"), refused, "lost");
  else say(byId("held"), `${counted(race.held, "connection")} held, of four that this page lets be held at once.`, "");
}

const rows = race.lanes.map((lane) => new LaneRow(lane));
tellHeld("");
// From their first byte on the lanes are counted. A view that does not come keeps nobody waiting.
Promise.race([looking, new Promise((done) => setTimeout(done, LONGEST_WAIT_MS))]).then(() => {
  for (const { lane } of rows) if (lane.atStart) race.switch(lane, true);
  tellHeld("");
});

const notes = [];
if (!race.seesBytes) notes.push("Bytes are not shown: this server was started with --no-wire.");
notes.push(race.oneMachine ? "≈: a message of somebody else, by the server's clock." : "Messages of others are counted without a delay: the server's clock is not this machine's.");
byId("lanes-note").textContent = notes.join(" ");

function drawLanes() {
  if (document.hidden || !byId("lanes").checkVisibility()) return;
  const now = performance.now();
  for (const { drawing } of rows) drawing.draw(now);
}

// The ledger

for (const lane of race.lanes) {
  const head = document.createElement("th");
  head.scope = "col";
  head.abbr = lane.words;
  head.title = lane.words;
  head.textContent = lane.short;
  byId("ledger").tHead.rows[0].append(head);
}

let drawnLedger = "";
function showLedger() {
  const all = race.ledger.fates();
  const { words, kind } = verdict(race.ledger, all);
  const open = race.ledger.unacknowledged > 0 ? ` ${counted(race.ledger.unacknowledged, "message")} not acknowledged: perhaps the server has it, perhaps not.` : "";
  say(byId("whole"), words + open, kind);
  const shown = all.slice(0, SHOWN_ROWS);
  const drawn = JSON.stringify(shown.map(({ message, fates }) => [message.n, fates]));
  if (drawn === drawnLedger) return;
  drawnLedger = drawn;
  drawLedger(byId("ledger"), shown, SHOWN_ROWS);
}

// Publishing

let many = null;

const payload = () => Number(byId("payload").value);
const told = (error) => say(byId("published"), `Not acknowledged: ${error.message}. Perhaps the server has it, perhaps not.`, "lost");

async function publishOne() {
  try {
    const bytes = payload();
    await race.publish(bytes);
    say(byId("published"), `Message ${race.ledger.sent} is published, ${counted(bytes, "byte")}.`, "");
  } catch (error) {
    told(error);
  }
}

async function publishMany() {
  many = new AbortController();
  const { signal } = many;
  setRunning(true);
  const rate = Number(byId("rate").value);
  const all = rate * MANY_SECONDS;
  const began = performance.now();
  let done = 0;
  for (let n = 0; n < all && !signal.aborted; n++) {
    // By the clock, so that one late timer does not make all others late.
    await new Promise((next) => setTimeout(next, began + (n / rate) * 1000 - performance.now()));
    if (signal.aborted) break;
    race.publish(payload()).catch(told);
    done = n + 1;
    say(byId("published"), `${done} of ${all} published, ${counted(payload(), "byte")} each.`, "");
  }
  setRunning(false);
  tell("many", { began, whole: done === all });
}

function setRunning(running) {
  byId("many").disabled = running;
  byId("many-stop").disabled = !running;
}

byId("publish").addEventListener("click", publishOne);
byId("many").addEventListener("click", publishMany);
byId("many-stop").addEventListener("click", () => many?.abort());
byId("clear").addEventListener("click", () => {
  race.clear();
  say(byId("published"), "The figures begin anew.", "");
  tell("cleared");
});
byId("cut").disabled = !race.seesBytes;
byId("cut").addEventListener("click", () => {
  race.cut();
  say(byId("published"), "", "");
});

setUpHundreds();
setUpServer();
setUpKeep();
setInterval(() => {
  for (const row of rows) row.show();
  showLedger();
}, 250);
let ticks = 0;
setInterval(() => {
  // Who wants no motion gets a picture each second.
  if (!still.matches || ++ticks % 10 === 0) drawLanes();
}, 100);
