// A mistake and its cure, to be run in the page. A text says `<div data-try="no-cursor"></div>`; the lesson's
// mistakes.js has `noCursorWrong(say, signal)` and `noCursorRight(say, signal)`. `say(words)` writes a line;
// `signal` aborts when the reader stops it, or runs the other one.

/** Waits; fails at once when `signal` aborts. */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(resolve, milliseconds);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}

const camelCase = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

/** One way to do it, and what came of it. The two ways of a pair stand side by side, and stay after they ran. */
class Way {
  constructor(kind, work) {
    Object.assign(this, { kind, work, running: null });
    this.box = document.createElement("div");
    this.button = document.createElement("button");
    this.log = document.createElement("ol");
    this.verdict = document.createElement("p");
    this.box.className = "way";
    this.button.textContent = `Run the ${kind.toLowerCase()} way`;
    this.log.className = "log try-log";
    this.log.setAttribute("aria-live", "polite");
    this.log.setAttribute("aria-label", `What the ${kind.toLowerCase()} way did`);
    this.log.tabIndex = 0;
    this.verdict.className = "verdict";
    this.verdict.setAttribute("role", "status");
    this.verdict.textContent = "not run yet";
    this.box.append(this.button, this.log, this.verdict);
  }

  say(which, words) {
    const line = document.createElement("li");
    line.className = which;
    line.textContent = words;
    this.log.append(line);
    this.log.scrollTop = this.log.scrollHeight;
    // Who has pressed the button, and nothing since, waits for this.
    if (document.activeElement === this.button) this.box.scrollIntoView({ block: "nearest" });
  }

  async run(running) {
    const { signal } = running;
    this.log.replaceChildren();
    this.verdict.textContent = "running …";
    const began = performance.now();
    try {
      await this.work((words) => !signal.aborted && this.say("said", words), signal);
      this.verdict.textContent = `the ${this.kind.toLowerCase()} way ran, in ${((performance.now() - began) / 1000).toFixed(1)} s`;
      if (!signal.aborted) this.say("done", "done");
    } catch (error) {
      this.say("lost", signal.aborted ? "stopped" : `${error.name}: ${error.message}`);
      this.verdict.textContent = signal.aborted ? "stopped" : `the ${this.kind.toLowerCase()} way ended with an error`;
    }
  }
}

function makeTry(place, mistakes) {
  const name = camelCase(place.dataset.try);
  const stop = document.createElement("button");
  const ways = ["Wrong", "Right"].map((kind) => new Way(kind, mistakes[name + kind]));
  let running = null;
  stop.textContent = "Stop";
  stop.disabled = true;
  stop.addEventListener("click", () => running.abort());
  for (const way of ways) {
    way.button.addEventListener("click", async () => {
      // One at a time: they share the six connections.
      running?.abort();
      const mine = (running = new AbortController());
      stop.disabled = false;
      await way.run(mine);
      if (mine === running) stop.disabled = true;
    });
  }
  place.append(...ways.map(({ box }) => box), stop);
}

export async function setUpTries() {
  const places = document.querySelectorAll("[data-try]");
  if (places.length === 0) return;
  const mistakes = await import(new URL("mistakes.js", location.href));
  for (const place of places) makeTry(place, mistakes);
}
