// The stage of a stop: the one demo that it needs, the ladder, the bytes. A text names what stands on it,
// `<!-- stage: stream status ladder -->`: a part of the demo (`id="demo-stream"`), what is inside it
// (`data-on="status"`), the ladder, the bytes.

// The demo's own elements fill themselves before anybody looks for what is in them.
import "/shared/elements.js";

export class Stage {
  constructor(lesson, stage) {
    Object.assign(this, { lesson, stage });
    this.parts = [...stage.querySelectorAll(".demo-part")];
    // A log that comes into sight, or gets another height, shows its newest line.
    const sized = new ResizeObserver((logs) => logs.forEach(({ target }) => (target.scrollTop = target.scrollHeight)));
    for (const log of stage.querySelectorAll(".log")) sized.observe(log);
  }

  /** Sets the stage for a stop. What runs goes on running; what is not named is out of sight. */
  set(stop) {
    const names = stop.dataset.stage.split(" ").filter(Boolean);
    const has = (name) => names.includes(name);
    for (const part of this.parts) part.classList.toggle("off", !has(part.id.slice("demo-".length)));
    for (const it of this.stage.querySelectorAll("[data-on]")) it.classList.toggle("off", !has(it.dataset.on));
    for (const part of this.parts) part.classList.toggle("has-log", [...part.querySelectorAll(".log")].some((log) => log.checkVisibility()));
    for (const name of ["ladder", "bytes"]) this.stage.classList.toggle(`has-${name}`, has(name));
    this.lesson.classList.toggle("no-stage", names.length === 0);
    this.stage.classList.remove("asks-bytes");
  }

  /** The reader picked an arrow, or a mark in the text: the bytes come, until they are closed. */
  askForBytes(asked = true) {
    this.stage.classList.toggle("asks-bytes", asked);
  }
}
