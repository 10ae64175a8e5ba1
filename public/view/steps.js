// The steps of a lesson. A step sees for itself that it was done: a lesson's steps.js says, beside the demo, what must
// have happened, and what of it is shown as the evidence. A step that a page cannot see is ticked by hand.

import { keep, progressOf } from "./progress.js";

const make = (tag, className, ...inside) => {
  const it = Object.assign(document.createElement(tag), { className });
  it.append(...inside);
  return it;
};

/** What a step may look at: what happened since it became the current one, and what the demo shows now. */
class Seen {
  constructor() {
    /** Since when it counts, by `performance.now()`. */
    this.since = performance.now();
    this.crossings = [];
    this.picks = [];
    this.marks = [];
  }

  /** What crossed of a kind ("request", "message", "open", …; see KINDS in ladder.js), and passes `test`. */
  crossed(kind, test = () => true) {
    return this.crossings.filter((crossing) => crossing.kind === kind && test(crossing));
  }

  /** The words of an element of the demo. */
  text(id) {
    return document.getElementById(id).textContent.trim();
  }

  /** The lines of a log of the demo that hold `words`. */
  lines(id, words) {
    return [...document.getElementById(id).children].filter((line) => line.textContent.includes(words));
  }

  /** What the reader picked on the ladder, or among the bytes. */
  picked(test) {
    return this.picks.findLast(test);
  }

  /** Whether the mark of this name was pressed, and was found. */
  marked(name) {
    return this.marks.includes(name);
  }
}

/** The controls of the stage that can be used now, by the words that a step calls them by. */
function control(stage, words) {
  const named = (it) => (it.ariaLabel ?? it.textContent).trim() === words;
  const seen = (it) => it.checkVisibility() && !it.disabled;
  const button = [...stage.querySelectorAll("button, a[href], summary")].find((it) => named(it) && seen(it));
  if (button) return button.getAttribute("aria-selected") === "true" ? null : button;
  for (const label of stage.querySelectorAll("label")) {
    const it = label.control;
    if (!it || !seen(it)) continue;
    const own = [...label.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE).map((node) => node.data).join("").trim();
    if (own === words) return it.checked && it.type === "radio" ? null : it;
    const option = [...(it.options ?? [])].find((option) => option.textContent.trim() === words);
    if (option) return option.selected ? null : it;
  }
  return null;
}

/** The words of the newest arrow that a step calls by its name. */
function arrow(stage, names, used) {
  const words = [...stage.querySelectorAll(".ladder text.label")].filter((it) => it.checkVisibility());
  const named = ({ textContent }) => names.some((name) => textContent.startsWith(name));
  const newest = words.findLast(named);
  return newest && !used.has(newest) ? newest : null;
}

class Step {
  constructor(item, n) {
    this.item = item;
    this.stop = item.closest(".stop");
    this.key = `${this.stop.id}/${n}`;
    this.words = [...item.querySelectorAll("strong")].map((bold) => bold.textContent.trim());
    this.terminal = item.querySelector("pre.console") !== null;
  }

  /** The control that is next to use; `used` are those that were. */
  control(stage, used) {
    for (const words of this.words) {
      const found = control(stage, words);
      if (found && !used.has(found)) return found;
    }
    const marks = [...this.item.querySelectorAll(".pointer")];
    return arrow(stage, this.words, used) ?? marks.find((mark) => !used.has(mark)) ?? null;
  }
}

export class Steps {
  /** `view` is the wire view, if there is one; `changed()` is told when a step was done. */
  constructor(lesson, stage, { changed, evidence }) {
    Object.assign(this, { stage, changed, evidence });
    this.name = location.pathname.split("/")[1];
    this.steps = [...lesson.querySelectorAll("ol.steps")].flatMap((list) => [...list.children].map((item, n) => new Step(item, n)));
    this.conditions = new Map();
    this.guesses = new Map();
    this.used = new Set();
    this.seen = new Seen();
    const kept = progressOf(this.name);
    this.done = new Set(kept.steps.filter((key) => this.steps.some((step) => step.key === key)));
    this.keepSteps();
    for (const step of this.steps) this.setUp(step);
    for (const type of ["click", "change", "input"]) document.addEventListener(type, (event) => this.use(event.target), true);
    if (stage) new MutationObserver(() => this.plan()).observe(stage, { subtree: true, childList: true, characterData: true, attributeFilter: ["disabled", "hidden"] });
  }

  setUp(step) {
    const box = make("input", "");
    box.type = "checkbox";
    box.checked = this.done.has(step.key);
    box.addEventListener("change", () => (box.checked ? this.tick(step, "") : this.untick(step)));
    step.box = box;
    step.evidence = make("span", "seen");
    step.evidence.setAttribute("role", "status");
    step.hand = make("label", "by-hand", box, step.terminal ? "done, or passed over" : "done");
    step.item.append(step.evidence, step.hand);
  }

  /** A lesson's conditions: for each stop a list with one for each step, `null` where the page cannot see it. */
  define(conditions) {
    for (const [id, of] of Object.entries(conditions)) {
      const { guess, steps } = Array.isArray(of) ? { steps: of } : of;
      const mine = this.steps.filter((step) => step.stop.id === id);
      if (mine.length !== steps.length) console.error(`#${id} has ${mine.length} steps and ${steps.length} conditions`);
      mine.forEach((step, n) => {
        if (steps[n]) this.conditions.set(step.key, steps[n]);
        step.hand.hidden = Boolean(steps[n]);
      });
      if (guess && mine.length > 0) this.addGuess(mine[0].item.parentElement, guess, mine[guess.after - 1]);
    }
    this.arrive(this.stop);
  }

  /** A prediction: chosen before the step, and told after it. */
  addGuess(list, { choices, right }, step) {
    const box = make("fieldset", "guess-choices");
    const verdict = make("span", "verdict");
    verdict.setAttribute("role", "status");
    box.append(make("legend", "visually-hidden", "Your guess"));
    for (const choice of choices) {
      const radio = Object.assign(make("input", ""), { type: "radio", name: `guess ${step.key}`, value: choice });
      box.append(make("label", "check", radio, ` ${choice}`));
    }
    const skip = make("button", "skip", "I only read");
    skip.type = "button";
    box.append(skip, verdict);
    list.before(box);
    // What stands behind the steps says the answer. It waits for the guess; the browser's own search finds it all the same.
    const behind = [];
    for (let it = list.nextElementSibling; it; it = it.nextElementSibling) if (!it.matches(".branches")) behind.push(it);
    const show = () => {
      skip.hidden = true;
      for (const it of behind) it.removeAttribute("hidden");
    };
    for (const it of behind) {
      it.setAttribute("hidden", "until-found");
      it.addEventListener("beforematch", show);
    }
    box.addEventListener("change", show);
    skip.addEventListener("click", show);
    this.guesses.set(step.key, () => {
      show();
      const chosen = box.querySelector(":checked")?.value;
      const told = chosen === undefined ? `it is: ${right}` : chosen === right ? `you chose ${chosen}: right` : `you chose ${chosen}; it is: ${right}`;
      verdict.textContent = told;
      for (const radio of box.querySelectorAll("input")) radio.disabled = true;
    });
    if (this.done.has(step.key)) this.guesses.get(step.key)();
  }

  /** The reader is at `stop`. */
  arrive(stop) {
    this.stop = stop;
    this.begin();
  }

  current() {
    return this.steps.find((step) => step.stop === this.stop && !this.done.has(step.key));
  }

  /** What counts for the current step begins here. */
  begin() {
    this.seen = new Seen();
    this.used.clear();
    this.outline(null);
    this.draw();
    this.plan();
  }

  crossed(crossing) {
    crossing.at = performance.now();
    this.seen.crossings.push(crossing);
    this.plan();
  }

  picked(crossing) {
    this.seen.picks.push(crossing);
    this.plan();
  }

  marked(name) {
    this.seen.marks.push(name);
    this.plan();
  }

  use(it) {
    const found = it.closest?.("button, a, summary, input, select, text");
    if (found) this.used.add(found);
    this.plan();
  }

  /** Much may happen at once; one look at it is enough. */
  plan() {
    if (this.planned) return;
    this.planned = true;
    setTimeout(() => {
      this.planned = false;
      this.look();
    }, 50);
  }

  look() {
    const step = this.current();
    const condition = step && this.conditions.get(step.key);
    const found = condition?.(this.seen);
    if (found) {
      const { words, crossing } = typeof found === "string" ? { words: found } : found;
      this.tick(step, words, crossing);
      return;
    }
    this.outline(step);
    dispatchEvent(new Event("steps-looked"));
  }

  outline(step) {
    const next = step && this.stage ? step.control(this.stage, this.used) : null;
    if (next === this.outlined) return;
    this.outlined?.classList.remove("now");
    next?.classList.add("now");
    if (next?.localName === "text") {
      next.scrollIntoView({ block: "center" });
      next.dispatchEvent(new Event("hold", { bubbles: true }));
    }
    this.outlined = next;
  }

  tick(step, words, crossing) {
    // Another tab of this lesson may have done some meanwhile.
    this.done = new Set([...progressOf(this.name).steps, ...this.done, step.key]);
    step.evidence.textContent = words;
    this.guesses.get(step.key)?.();
    this.evidence(crossing);
    this.kept();
    // What is next comes into sight, and the evidence stays there.
    for (const it of [(this.current() ?? step).item, step.evidence]) it.scrollIntoView({ block: "nearest" });
  }

  untick(step) {
    this.done.delete(step.key);
    this.kept();
  }

  kept() {
    this.keepSteps();
    this.begin();
    this.changed();
  }

  /** How many steps of the main line are done, and how many it has. Those of the branches are extra. */
  far() {
    const main = this.steps.filter(({ stop }) => !stop.dataset.branchOf);
    return { main: main.filter(({ key }) => this.done.has(key)).length, of: main.length };
  }

  keepSteps() {
    keep(this.name, { steps: [...this.done], ...this.far() });
  }

  /** Whether all steps of a stop are done. */
  allDone(stop) {
    return this.steps.every((step) => step.stop !== stop || this.done.has(step.key));
  }

  draw() {
    const current = this.current();
    for (const step of this.steps) {
      const { item, key, box } = step;
      const done = this.done.has(key);
      box.checked = done;
      item.classList.toggle("done", done);
      item.classList.toggle("next", step === current);
      if (step === current) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    }
    const { main, of } = this.far();
    if (of > 0) document.getElementById("far").textContent = `${main} of ${of}`;
  }

  /** For the key `n`: to the control of the next step. */
  focusNext() {
    const next = this.outlined ?? this.current()?.box;
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }
}
