// Faults that the server plays for this browser's connections, and for no other's.

import { byId } from "/shared/panel.js";
import { askForFault, watchFaults } from "/view/view.js";
import { race, tell } from "./race.js";

const WORDS = {
  gather: "What goes to this browser is gathered, and passed on every five seconds",
  stall: "What this browser sends is not taken",
  "slow reader": "Each connection takes 1 KiB a second",
};

let now = null;
let until = 0;

function show(words, kind = "") {
  const it = byId("fault-state");
  if (it.textContent !== words) it.textContent = words;
  it.classList.toggle("lost", kind === "lost");
}

function set(fault, seconds) {
  now = fault;
  until = performance.now() + seconds * 1000;
  byId("fault-end").disabled = fault === null;
  tell(fault ? "fault" : "calm", { fault });
}

function told({ fault, seconds = 0, error }) {
  if (error) show(error, "lost");
  else set(fault, seconds);
}

function tick() {
  if (now === null) return;
  const left = Math.ceil((until - performance.now()) / 1000);
  if (left > 0) return show(`${WORDS[now]}; for ${left} s more.`);
  set(null, 0);
  show("It is over.");
}

export function setUpFaults() {
  watchFaults(told);
  byId("fault-begin").disabled = !race.seesBytes;
  byId("fault-begin").addEventListener("click", () => {
    if (!askForFault(byId("fault").value)) show("not begun: the view of the bytes has no connection itself", "lost");
  });
  byId("fault-end").addEventListener("click", () => {
    askForFault("calm");
    show("It is over.");
  });
  setInterval(tick, 250);
}
