// <fault-panel faults="gather, stall, slow reader, restart">: buttons for what the server plays for this browser's
// connections, and for no other's. The names are the words that the server takes.

import { askForFault, watchFaults } from "/view/view.js";

const FAULTS = {
  gather: { button: "Gather", words: "What goes to this browser is gathered, and passed on every five seconds" },
  stall: { button: "Stall", words: "What this browser sends is not taken" },
  "slow reader": { button: "Read slowly", words: "Each connection takes 1 KiB a second" },
  restart: { button: "Restart the server", words: "For this browser the server has started anew: its history is empty, and its ids have a new tag." },
};

/** What began: `{fault, at}`, one of the names above; `null` is the end of one. */
const faults = [];

/** The last fault of that name since the step began; `null` for the end of one. */
export const fault = (seen, name) => faults.findLast((it) => it.fault === name && it.at > seen.since);

/** The panel whose button was pressed last: the server's answer is for it. */
let asking = null;
/** The fault that goes on, until when, and the panel that shows it. */
let now = null;
let until = 0;
let panel = null;

const note = (fault) => faults.push({ fault, at: performance.now() });

class FaultPanel extends HTMLElement {
  connectedCallback() {
    if (this.querySelector("button")) return;
    const sees = document.querySelector("meta[name=wire]")?.content === "on";
    const names = this.getAttribute("faults").split(", ");
    const button = (words, pressed) => {
      const it = Object.assign(document.createElement("button"), { textContent: words, disabled: !sees });
      it.addEventListener("click", pressed);
      return it;
    };
    const buttons = names.map((name) => button(FAULTS[name].button, () => this.ask(name)));
    if (names.some((name) => name !== "restart")) {
      this.end = button("End it", () => this.ask("calm"));
      this.end.disabled = true;
      buttons.push(this.end);
    }
    const row = Object.assign(document.createElement("div"), { className: "row" });
    row.append(...buttons);
    this.state = Object.assign(document.createElement("p"), { className: "notice" });
    this.state.setAttribute("role", "status");
    this.replaceChildren(row, this.state);
    if (!sees) this.show("This server was started with --no-wire: it plays no faults.");
  }

  ask(word) {
    asking = this;
    if (!askForFault(word)) this.show("not done: the view of the bytes has no connection itself", "lost");
  }

  show(words, kind = "") {
    if (this.state.textContent !== words) this.state.textContent = words;
    this.state.classList.toggle("lost", kind === "lost");
  }
}

function over() {
  if (now === null) return;
  now = null;
  note(null);
  panel.end.disabled = true;
  panel.show("It is over.");
}

watchFaults(({ fault, seconds, restarted, error }) => {
  if (error) asking.show(error, "lost");
  else if (restarted) {
    note("restart");
    asking.show(FAULTS.restart.words);
  } else if (fault === null) over();
  else {
    now = fault;
    until = performance.now() + seconds * 1000;
    panel = asking;
    panel.end.disabled = false;
    note(now);
  }
});

setInterval(() => {
  if (now === null) return;
  const left = Math.ceil((until - performance.now()) / 1000);
  if (left > 0) panel.show(`${FAULTS[now].words}; for ${left} s more.`);
  else over();
}, 250);

customElements.define("fault-panel", FaultPanel);
