import assert from "node:assert/strict";
import { walk } from "./walk.mjs";

walk("4-iframe-push", {
  faults: {
    // Marks and picks: the bytes are there already.
    "script-by-script/2": "deaf",
    "script-by-script/3": "deaf",
    "a-heartbeat/2": "deaf",
    "a-cut-says-nothing/3": "deaf",
  },
  outside: {
    // What is written there is the step; other words do not count.
    "markup-in-a-message/2": async ({ learner, server }) => {
      const { page } = learner;
      const isOpen = async () => assert.ok(!(await learner.now("markup-in-a-message", 1)).done);
      const say = async (words) => {
        await page.type("#text", words);
        await learner.looked(() => page.click("#send"));
      };
      await say("no markup");
      await page.waitForFunction(() => document.getElementById("log").textContent.includes("no markup") && !document.getElementById("text").value);
      await isOpen();
      server.freeze();
      await say("</script><b>bold</b>");
      await isOpen();
      server.thaw();
    },
    "when-the-server-stops/1": async ({ learner, server }) => {
      await learner.act("when-the-server-stops", 0);
      await learner.page.waitForFunction(() => document.getElementById("state").textContent === "loading");
      await server.interrupt();
    },
    "when-the-server-stops/2": ({ server }) => server.startAgain(),
  },
});
