import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { walk } from "./walk.mjs";

walk("8-race", {
  faults: {
    // What the page decides by itself.
    "six-connections/2": "deaf",
    "six-connections/3": "deaf",
    "keep-a-run/1": "deaf",
    // What is published while the server is frozen is cut with the rest, or comes with what is said after it.
    "a-cut-and-the-ledger/1": "deaf",
    "a-cut-and-the-ledger/2": "deaf",
    "a-restart/1": "deaf",
    "slow-stalled-gathered/1": "deaf",
    "slow-stalled-gathered/2": "deaf",
  },
  outside: {
    // The file that the step before saved, in the folder in which a person would look for it.
    "keep-a-run/2": async ({ learner: { page } }) => {
      const folder = await mkdtemp(path.join(tmpdir(), "walk-race-"));
      const file = path.join(folder, "race.json");
      await writeFile(file, JSON.stringify(await page.evaluate(async () => (await import("/8-race/keep.js")).run())));
      const input = await page.$("#beside");
      await input.uploadFile(file);
      await page.waitForFunction(() => document.querySelectorAll("#keep-a-run .done").length === 2);
      await rm(folder, { recursive: true });
    },
  },
});
