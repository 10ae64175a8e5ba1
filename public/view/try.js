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

function makeTry(place, mistakes) {
  const name = camelCase(place.dataset.try);
  const row = document.createElement("div");
  const log = document.createElement("ol");
  let running = null;
  row.className = "row";
  log.className = "log try-log";
  log.setAttribute("aria-live", "polite");
  log.setAttribute("aria-label", "What it did");
  log.tabIndex = 0;
  log.hidden = true;

  const say = (which, words) => {
    const line = document.createElement("li");
    line.className = which;
    line.textContent = words;
    log.append(line);
    log.scrollTop = log.scrollHeight;
  };
  const button = (label, work) => {
    const it = document.createElement("button");
    it.textContent = label;
    it.addEventListener("click", work);
    row.append(it);
    return it;
  };
  const run = async (kind) => {
    running?.abort();
    const mine = (running = new AbortController());
    log.hidden = false;
    log.replaceChildren();
    stop.disabled = false;
    try {
      await mistakes[name + kind]((words) => mine === running && !mine.signal.aborted && say("said", words), mine.signal);
      if (mine === running) say("done", "done");
    } catch (error) {
      if (mine === running) say("lost", mine.signal.aborted ? "stopped" : `${error.name}: ${error.message}`);
    }
    if (mine === running) stop.disabled = true;
  };
  button("Run the wrong way", () => run("Wrong"));
  button("Run the right way", () => run("Right"));
  const stop = button("Stop", () => running.abort());
  stop.disabled = true;
  place.append(row, log);
}

export async function setUpTries() {
  const places = document.querySelectorAll("[data-try]");
  if (places.length === 0) return;
  const mistakes = await import(new URL("mistakes.js", location.href));
  for (const place of places) makeTry(place, mistakes);
}
