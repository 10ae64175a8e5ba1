// The lesson view: what stands around every lesson's text and demo, and where it stands.

import { setUpSteps } from "./steps.js";
import { setUpTries } from "./try.js";
import { setUpWatch } from "./watch.js";

const lesson = document.querySelector(".lesson");
const demo = lesson?.querySelector(".demo");

/** Wide: the demo, the ladder and the bytes stand beside the text. Narrow: at their step, with the bytes in a sheet below. */
function setUpSide() {
  const side = document.createElement("div");
  side.className = "side";
  demo.replaceWith(side);
  side.append(demo);
  const watch = setUpWatch(side);
  const bytes = side.querySelector(".wire");
  const here = document.getElementById("demo-here");
  const wide = matchMedia("(min-width: 1200px)");
  const place = () => {
    const parent = wide.matches || !here ? lesson : here;
    // moveBefore keeps what runs inside an iframe; insertBefore loads the iframe again.
    parent[parent.moveBefore ? "moveBefore" : "insertBefore"](side, null);
    bytes.open = wide.matches;
    document.body.classList.toggle("has-sheet", !wide.matches);
  };
  wide.addEventListener("change", place);
  place();
  return watch;
}

if (demo) setUpSide();
setUpSteps();
setUpTries();
