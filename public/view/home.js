// The home page: each lesson's emblem, and how far one has come.

import { drawn } from "./live-ladder.js";
import { still } from "./ladder.js";
import { SCENES } from "./scenes.js";
import { progress } from "./steps.js";

const kept = progress();
let [begun, middle, first] = [false, null, null];

for (const row of document.querySelectorAll(".board li")) {
  const name = row.dataset.lesson;
  const { crossings, until, title } = SCENES[name];
  const emblem = still(crossings, { width: 120, second: 7, labels: false, title, id: `emblem-${name}`, until });
  row.querySelector(".name").after(drawn(emblem));
  const { done = [], of = 0 } = kept[name] ?? {};
  const far = document.createElement("span");
  const all = of > 0 && done.length >= of;
  far.className = all ? "done all" : "done";
  far.textContent = all ? "✓ done" : done.length > 0 ? `${done.length} of ${of}` : "";
  row.append(far);
  if (all) begun = true;
  else if (done.length > 0) middle ??= row;
  else first ??= row;
}

const next = middle ?? (begun ? first : null);
const link = next?.querySelector("a");
if (link) {
  const way = document.getElementById("way");
  const again = link.cloneNode(true);
  way.replaceChildren(middle ? "You are in the middle of: " : "Go on with: ", again);
}
