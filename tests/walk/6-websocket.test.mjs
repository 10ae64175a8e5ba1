import { walk } from "./walk.mjs";

walk("6-websocket", {
  faults: {
    // Marks and picks: the bytes are there already.
    "the-handshake/2": "deaf",
    "the-handshake/3": "deaf",
    "frames/2": "deaf",
    "ping-and-pong/2": "deaf",
    "when-it-breaks/3": "deaf",
    // The page alone does it.
    "the-mask/2": "deaf",
  },
  outside: {
    "the-mask/1": ({ learner }) =>
      learner.page.evaluate(() => {
        const bytes = document.getElementById("unmask-frame").textContent.split(" ").map((two) => parseInt(two, 16));
        const [input] = document.querySelectorAll("#unmask-rows input");
        input.value = (bytes[6] ^ bytes[2]).toString(2).padStart(8, "0");
        input.dispatchEvent(new Event("input", { bubbles: true }));
      }),
    "when-the-server-stops/1": async ({ learner, server }) => {
      await learner.act("when-the-server-stops", 0);
      await learner.page.waitForFunction(() => document.getElementById("state").textContent === "1 OPEN");
      await server.interrupt();
    },
    "when-the-server-stops/2": ({ server }) => server.startAgain(),
  },
});
