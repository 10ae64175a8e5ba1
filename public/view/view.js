// The lesson view: what stands around every lesson's text and demo, and where it stands.

import { keepAtEnd } from "/shared/panel.js";
import { setUpSteps } from "./steps.js";
import { setUpTries } from "./try.js";
import { setUpWireView } from "./wire-view.js";

const lesson = document.querySelector(".lesson");
const demo = lesson?.querySelector(".demo");

/** Two lines, in pixels. */
const LOG_AT_LEAST = 46;

/** `moveBefore` keeps what runs inside an iframe; `append` loads the iframe again. */
const move = (part, parent) => (parent.moveBefore ? parent.moveBefore(part, null) : parent.append(part));

/** Wide: the demo, the ladder and the bytes stand beside the text. Narrow: each part of the demo at its steps, ladder and bytes in a sheet below. */
function setUpSide() {
  const side = document.createElement("div");
  side.className = "side";
  demo.replaceWith(side);
  side.append(demo);
  const parts = [...demo.querySelectorAll(".demo-part")];
  if (parts.length > 1) demo.querySelector("h2").after(ways(parts));
  for (const again of document.querySelectorAll("[data-demo-again]")) again.append(wayBack(again.dataset.demoAgain));
  const wireView = setUpWireView(side);
  const wide = matchMedia("(min-width: 1200px)");
  const place = () => {
    for (const part of parts) {
      const here = document.querySelector(`[data-demo="${part.id.slice("demo-".length)}"]`);
      move(part, wide.matches ? demo : here);
      here.classList.toggle("demo", !wide.matches);
    }
    demo.hidden = !wide.matches;
    wireView.beASheet(!wide.matches);
  };
  // The demo's own size changes with the height of the window.
  const resized = new ResizeObserver(() => parts.forEach(fitLog));
  for (const one of [demo, ...parts]) resized.observe(one);
  wide.addEventListener("change", place);
  place();
}

/** Beside the text a log takes what its part leaves of the height, so that its newest line is seen. */
function fitLog(part) {
  const log = part.querySelector(".log:not(pre)");
  if (!log) return;
  keepAtEnd(log, () => {
    log.style.height = "";
    if (demo.hidden) return;
    const height = parseFloat(getComputedStyle(demo).maxHeight) - (demo.querySelector(".ways")?.offsetHeight ?? 0);
    const left = height - (part.offsetHeight - log.offsetHeight);
    log.style.height = `${Math.max(LOG_AT_LEAST, Math.min(left, log.offsetHeight))}px`;
  });
}

/** The way to each part: not all are seen at once. */
function ways(parts) {
  const nav = document.createElement("nav");
  nav.className = "ways";
  nav.setAttribute("aria-label", "Parts of the demo");
  for (const part of parts) {
    const button = document.createElement("button");
    button.textContent = part.querySelector("h3").textContent;
    button.addEventListener("click", () => (demo.scrollTop += part.getBoundingClientRect().top - nav.getBoundingClientRect().bottom));
    nav.append(button);
  }
  return nav;
}

/** On a narrow screen, from later steps: the browser's own back button returns to them. */
function wayBack(name) {
  const link = document.createElement("a");
  link.href = `#demo-${name}`;
  link.textContent = `↑ The demo: ${document.querySelector(`#demo-${name} h3`).textContent}`;
  return link;
}

/** A table that is wider than the screen says that it scrolls. */
function tellOfWideTables() {
  for (const table of document.querySelectorAll(".text .table")) {
    table.classList.toggle("wide", table.scrollWidth > table.clientWidth + 8);
  }
}

if (demo) setUpSide();
setUpSteps();
setUpTries();
tellOfWideTables();
addEventListener("resize", tellOfWideTables);
