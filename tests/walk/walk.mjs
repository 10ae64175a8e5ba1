// One lesson, done from nothing by what its steps name. Each step must tick itself, and must not while something is wrong.

import assert from "node:assert/strict";
import test from "node:test";
import { Learner, browse, serve } from "./support.mjs";
import { fit } from "./fit.mjs";

const WORDS_A_MINUTE = 200;
/** For a person to find what a step names, and to see what came of it; this test does not look. */
const MINUTES_A_STEP = 0.25;

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 844 };
/** Each browser has a screen of its own, and at the end of each stop a look at the other's. */
const RUNS = [
  { name: "chromium", own: WIDE, other: NARROW, scheme: "light" },
  { name: "firefox", own: NARROW, other: WIDE, scheme: "dark" },
];

/**
 * `lesson` is its folder. `outside["stop/1"](world)` does what step 1 of a stop says to do outside of the page.
 * `faults["stop/1"]` is what is wrong while step 1 is tried: "frozen", the server says nothing (so it is for all others),
 * "deaf", no control does anything, or "none", where neither would keep the step from being true. The main line takes
 * `most` minutes at most.
 */
export function walk(lesson, { outside = {}, faults = {}, most = 15 } = {}) {
  for (const { name, own, other, scheme } of RUNS) {
    test(`${lesson} is done by its steps alone in ${name}`, { timeout: 600_000 }, async (t) => {
      const server = await serve();
      t.after(() => server.done());
      const { browser, stop } = await browse(name, scheme);
      t.after(stop);
      const learner = await Learner.at(browser, `${server.address}/${lesson}/`, own);
      learner.fits = (id, n) => fit(learner, id, n);
      const world = { learner, server, browser };
      let minutes = 0;
      let mainSteps = 0;
      for (const { id, steps, main } of await learner.stops()) {
        await learner.goTo(id);
        const began = performance.now();
        for (let n = 0; n < steps; n++) {
          const key = `${id}/${n + 1}`;
          const evidence = outside[key] ? await elsewhere(learner, id, n, () => outside[key](world)) : await tried(learner, server, id, n, faults[key] ?? "frozen");
          t.diagnostic(`${key}: ${evidence}`);
          await fit(learner, id, n, true);
        }
        await learner.resize(other);
        await fit(learner, id, steps - 1);
        await learner.resize(own);
        if (!main) continue;
        minutes += (performance.now() - began) / 60_000;
        mainSteps += steps;
      }
      const { words, said } = await learner.reading();
      const all = words / WORDS_A_MINUTE + minutes + mainSteps * MINUTES_A_STEP;
      t.diagnostic(`the main line has ${words} words; its ${mainSteps} steps took ${minutes.toFixed(1)} minutes; together, with time to look, ${all.toFixed(1)}, and the page says ${said}`);
      assert.ok(said <= most, `a lesson of ${said} minutes is too long`);
      assert.ok(Math.abs(all - said) <= 2, `the page says ${said} minutes, and it is ${all.toFixed(1)}`);
    });
  }
}

/** A step with a fault put in for it, and then without. */
async function tried(learner, server, id, n, fault) {
  const { byHand, done } = await learner.now(id, n);
  assert.ok(!done, `#${id}, step ${n + 1} is done before anything was done`);
  if (!byHand && fault !== "none") {
    if (fault === "frozen") server.freeze();
    else await learner.deaf(true);
    const state = await learner.act(id, n);
    if (fault === "frozen") server.thaw();
    else await learner.deaf(false);
    assert.ok(!state.done, `#${id}, step ${n + 1} ticked itself (${state.evidence}), though the page was ${fault}`);
  }
  return learner.step(id, n);
}

async function elsewhere(learner, id, n, work) {
  const { done } = await learner.now(id, n);
  assert.ok(!done, `#${id}, step ${n + 1} is done before anything was done`);
  await work();
  // In a page behind another one nothing can be pressed.
  await learner.page.bringToFront();
  return learner.step(id, n);
}
