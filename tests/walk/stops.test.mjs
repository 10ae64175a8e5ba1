// The line of stops: each move is one step of the browser's history, however one moves.

import assert from "node:assert/strict";
import test from "node:test";
import { Learner, browse, serve } from "./support.mjs";

for (const name of ["chromium", "firefox"]) {
  test(`back leads to the stop before in ${name}`, { timeout: 120_000 }, async (t) => {
    const server = await serve();
    t.after(() => server.done());
    const { browser, stop } = await browse(name);
    t.after(stop);
    const { page } = await Learner.at(browser, `${server.address}/5-sse/`);
    const shown = () => page.evaluate(() => document.querySelector(".stop:not([hidden])").id);
    const length = () => page.evaluate(() => history.length);
    const at = (id) => page.waitForFunction((id) => !document.getElementById(id).hidden, {}, id);
    const began = await length();
    const first = await shown();
    const moves = [
      () => page.click(".foot a[rel=next]"),
      () => page.keyboard.press("ArrowRight"),
      () => page.evaluate(() => document.querySelector(".line li:last-child a").click()),
    ];
    const places = [first];
    for (const move of moves) {
      await move();
      await page.waitForFunction((before) => document.getElementById(before).hidden, {}, places.at(-1));
      places.push(await shown());
    }
    assert.equal(await length(), began + moves.length);
    for (const place of places.slice(0, -1).reverse()) {
      await page.evaluate(() => history.back());
      await at(place);
    }
  });
}
