import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
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
    "a-list-from-a-file/2": async ({ learner, server }) => {
      const file = path.join(server.folder, "data/users.json");
      const list = await readFile(file, "utf8");
      const shown = (words) => learner.page.waitForFunction((words) => document.getElementById("demo-stream").innerText.includes(words), {}, words);
      await writeFile(file, list.replace("Ada", "Adele"));
      await shown("Adele");
      await writeFile(file, list.replace("]", ""));
      await shown("this list is old");
      await writeFile(file, list);
    },
    "when-the-server-stops/1": async ({ learner, server }) => {
      await learner.act("when-the-server-stops", 0);
      await learner.page.waitForFunction(() => document.getElementById("state").textContent === "1 OPEN");
      await server.stop();
    },
    "when-the-server-stops/2": ({ server }) => server.startAgain(),
  },
});
