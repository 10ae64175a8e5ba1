import { walk } from "./walk.mjs";

walk("5-sse", {
  faults: {
    // Marks and picks: the bytes are there already.
    "lines-of-text/2": "deaf",
    "lines-of-text/3": "deaf",
    "a-heartbeat/2": "deaf",
    "it-comes-back/3": "deaf",
    "a-websocket-beside-six-streams/2": "deaf",
  },
  outside: {
    "when-the-server-stops/1": async ({ learner, server }) => {
      await learner.act("when-the-server-stops", 0);
      await learner.page.waitForFunction(() => document.getElementById("state").textContent === "1 OPEN");
      await server.stop();
    },
    "when-the-server-stops/2": ({ server }) => server.startAgain(),
  },
});
