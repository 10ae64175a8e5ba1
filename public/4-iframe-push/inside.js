// The iframe is meant not to be seen. Here one may look at it: at the box itself, and at the page that stands in it.
import { byId, keepAtEnd } from "/shared/panel.js";

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
  for (const id of ["inside-view", "inside"]) byId(id).hidden = !show.checked;
  lookInside();
}

/** A script of the iframe has run: it has posted a message. */
export function scriptRan() {
  ran += 1;
  byId("scripts-ran").textContent = ran;
}

// ANCHOR: inside
/** Shows the page that stands in the iframe now, as HTML, with its line breaks as one sees them. */
export function lookInside() {
  const page = framed?.contentDocument;
  if (!show.checked || !page) return;
  byId("scripts-left").textContent = page.scripts.length;
  const inside = byId("inside");
  keepAtEnd(inside, () => (inside.textContent = page.documentElement.outerHTML.replaceAll("\n", "↵\n")));
}
// ANCHOR_END: inside

show.addEventListener("change", showFrame);
