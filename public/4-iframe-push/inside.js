// The iframe is meant not to be seen. Here one may look at it: at the box itself, and at the page that stands in it.
import { byId } from "/shared/panel.js";

const show = byId("show-frame");
let framed = null;
let ran = 0;

/** Puts the iframe into the page. */
export function placeFrame(frame) {
  framed = frame;
  ran = 0;
  byId("scripts-ran").textContent = ran;
  frame.width = "100%";
  frame.height = "60";
  showFrame();
  byId("frame-place").replaceChildren(frame);
}

function showFrame() {
  // `display: none` is enough to hide it; its scripts run all the same.
  if (framed) framed.className = show.checked ? "bytes" : "unseen";
  byId("inside-view").hidden = !show.checked;
  lookInside();
}

/** A script of the iframe has run: it has posted a message. */
export function scriptRan() {
  ran += 1;
  byId("scripts-ran").textContent = ran;
}

// ANCHOR: inside
/** Shows the page that stands in the iframe now, as HTML. */
export function lookInside() {
  const page = framed?.contentDocument;
  if (!show.checked || !page) return;
  byId("scripts-left").textContent = page.scripts.length;
  byId("inside").textContent = page.documentElement.outerHTML;
}
// ANCHOR_END: inside

show.addEventListener("change", () => {
  showFrame();
  // On a wide screen it opens below what one sees of the demo.
  if (show.checked) byId("demo-frame").scrollIntoView({ block: "nearest" });
});
