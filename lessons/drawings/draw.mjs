// Draws the texts' drawings with the pages' own ladder: `node lessons/drawings/draw.mjs`.
// With `--check` it writes nothing, and fails when a drawing is not as it would be drawn now.

import { readFileSync, writeFileSync } from "node:fs";
import { markup, still } from "../../public/view/ladder.js";
import { SCENES } from "../../public/view/scenes.js";

let stale = 0;
for (const [name, { crossings, title, until }] of Object.entries(SCENES)) {
  if (name === "8-race" || name === "9-machines") continue;
  const drawing = still(crossings, { width: 520, second: 40, labels: true, title, id: `hatch-${name}`, until });
  const file = new URL(`${name}.svg`, import.meta.url);
  const text = `${markup(drawing)}\n`;
  if (!process.argv.includes("--check")) writeFileSync(file, text);
  else if (readFileSync(file, "utf8") !== text) {
    console.error(`lessons/drawings/${name}.svg is not what public/view/scenes.js draws: run node lessons/drawings/draw.mjs`);
    stale++;
  }
}
process.exitCode = stale > 0 ? 1 : 0;
