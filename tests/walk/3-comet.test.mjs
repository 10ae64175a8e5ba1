import { Learner } from "./support.mjs";
import { walk } from "./walk.mjs";

walk("3-comet", {
  faults: {
    // Marks and picks: the bytes are there already.
    "chunks/2": "deaf",
    "chunks/3": "deaf",
    "a-chunk-is-no-message/2": "deaf",
    "a-heartbeat/2": "deaf",
    "it-comes-back/3": "deaf",
  },
  outside: {
    "with-a-second-tab/1": async ({ learner, server, browser }) => {
      await learner.act("with-a-second-tab", 0);
      const second = await Learner.at(browser, `${server.address}/3-comet/#with-a-second-tab`);
      await second.page.click("#start");
      await second.page.waitForFunction(() => document.getElementById("state").textContent === "reading");
      await second.page.type("#text", "from the second tab");
      await second.page.click("#send");
      await learner.page.waitForFunction(() => document.getElementById("log").textContent.includes("from the second tab"));
      await second.page.close();
    },
    "when-the-server-stops/1": async ({ learner, server }) => {
      await learner.act("when-the-server-stops", 0);
      await learner.page.waitForFunction(() => document.getElementById("state").textContent === "reading");
      await server.stop();
    },
    "when-the-server-stops/2": ({ server }) => server.startAgain(),
  },
});
