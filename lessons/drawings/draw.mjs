// Draws the texts' drawings with the pages' own ladder, and takes their colours over for the book:
// `node lessons/drawings/draw.mjs` (Node.js 22 or newer). The tests fail when a drawing is not what would be drawn now.

import { readFileSync, writeFileSync } from "node:fs";
import { markup, still } from "../../public/view/ladder.js";
import { SCENES } from "../../public/view/scenes.js";

for (const [name, { crossings, title, until }] of Object.entries(SCENES)) {
  // They have an emblem on the home page, and no drawing in a text.
  if (name === "8-race" || name === "9-machines") continue;
  const drawing = still(crossings, { width: 520, second: 40, labels: true, title, id: `hatch-${name}`, until });
  writeFileSync(new URL(`${name}.svg`, import.meta.url), `<div class="drawing">${markup(drawing)}</div>\n`);
}

const style = readFileSync(new URL("../../public/style.css", import.meta.url), "utf8");
const colours = [...style.matchAll(/:root \{([^}]*)\}/g)].map((found) => found[1].match(/ --(?!serif|sans|mono).*/g).map((line) => line.trim()));
const rules = style.match(/^(\.ladder-drawing|\.drawing|polygon|rect)\b.*$/gm).map((rule) => rule.replaceAll("var(--mono)", "monospace").replaceAll("var(--sans)", "sans-serif"));
writeFileSync(
  new URL("book.css", import.meta.url),
  `/* Made by draw.mjs: the drawings' colours in the book. */
html { ${colours[0].join(" ")} }
html.navy, html.coal, html.ayu { ${colours[1].join(" ")} }
${rules.join("\n")}
`,
);
