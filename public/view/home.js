// The home page: each lesson's emblem, and how far one has come.

import { drawn } from "./live-ladder.js";
import { still } from "./ladder.js";
import { SCENES } from "./scenes.js";
import { progress } from "./progress.js";

const kept = progress();
let [begun, middle, first] = [false, null, null];

for (const row of document.querySelectorAll(".board li")) {
  const name = row.dataset.lesson;
  const { crossings, until, title } = SCENES[name];
  const emblem = still(crossings, { width: 120, second: 7, labels: false, title, id: `emblem-${name}`, until });
  row.querySelector(".name").after(drawn(emblem));
  const { steps = [], main = 0, of = 0, finished = [] } = kept[name] ?? {};
  for (const stop of row.querySelectorAll("[data-stop]")) stop.classList.toggle("finished", finished.includes(stop.dataset.stop));
  const far = document.createElement("span");
  const all = of > 0 && main >= of;
  far.className = all ? "done all" : "done";
  far.textContent = all ? "✓ done" : steps.length > 0 ? `${main} of ${of}` : "";
  row.querySelector(".minutes").after(far);
  if (all) begun = true;
  else if (steps.length > 0) middle ??= row;
  else first ??= row;
}

const next = middle ?? (begun ? first : null);
const link = next?.querySelector("a");
if (link) {
  const way = document.getElementById("way");
  const again = link.cloneNode(true);
  // Where one left off.
  const { at = "" } = kept[next.dataset.lesson] ?? {};
  if (at) again.hash = at;
  way.replaceChildren(middle ? "You are in the middle of: " : "Go on with: ", again);
}
