import { walk } from "./walk.mjs";

walk("2-long-polling", {
  faults: {
    // Marks and picks: the bytes are there already.
    "the-bytes-of-a-wait/1": "deaf",
    "the-bytes-of-a-wait/2": "deaf",
    "when-it-is-cut/2": "deaf",
    // The page alone stops.
    "nothing-is-lost/1": "deaf",
  },
  outside: {
    "two-tabs/1": async ({ learner, server, browser }) => {
      await learner.act("two-tabs", 0);
      const other = await browser.newPage();
      await other.goto(`${server.address}/2-long-polling/#the-wait`);
      await other.click("#start");
      await other.waitForFunction(() => document.getElementById("waited").textContent.includes("of 5 s"));
      await other.type("#text", "hello from the other tab");
      await other.click("#send");
      await other.waitForFunction(() => document.getElementById("log").textContent.includes("sent as"));
      await other.close();
    },
    "when-the-server-stops/1": async ({ learner, server }) => {
      await learner.act("when-the-server-stops", 0);
      await learner.page.waitForFunction(() => document.getElementById("state").textContent === "waiting");
      await server.interrupt();
    },
    "when-the-server-stops/2": ({ server }) => server.startAgain(),
  },
});
