import { walk } from "./walk.mjs";

/** The second tab, which opens the link of the QR code. */
let device = null;

walk("1-short-polling", {
  faults: {
    // The message and the question would both wait for the server, and either may come to it first.
    "the-cursor/3": "deaf",
    // Marks and picks: the bytes are there already.
    "the-bytes/2": "deaf",
    "hidden-iframe-and-jsonp/2": "deaf",
    "when-it-is-cut/2": "deaf",
  },
  outside: {
    "a-wait-with-an-end/2": async ({ learner, browser }) => {
      const link = await learner.page.$eval("#confirm-link", (it) => it.href);
      device = await browser.newPage();
      await device.goto(link);
    },
    "a-wait-with-an-end/3": async () => {
      await device.bringToFront();
      await device.waitForSelector("#confirm:not(:disabled)");
      await device.click("#confirm");
      await device.waitForFunction(() => document.getElementById("state").textContent === "confirmed");
      await device.close();
    },
    // It takes a minute, longer than a step may.
    "a-code-that-gets-too-old/1": async ({ learner }) => {
      await learner.act("a-code-that-gets-too-old", 0);
      await learner.page.waitForFunction(() => document.getElementById("sign-in-state").textContent.startsWith("expired"), { timeout: 75_000, polling: 500 });
    },
    "when-the-server-stops/1": async ({ learner, server }) => {
      await learner.act("when-the-server-stops", 0);
      await learner.page.waitForFunction(() => document.getElementById("state").textContent !== "stopped");
      await server.stop();
    },
    "when-the-server-stops/2": ({ server }) => server.startAgain(),
  },
});
