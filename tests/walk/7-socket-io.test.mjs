import { walk } from "./walk.mjs";

const HERE = "/7-socket-io/";

/** The other tab of a step, open until `done`. */
async function otherTab({ browser, server }, path, work) {
  const page = await browser.newPage();
  await page.goto(`${server.address}${path}`);
  const press = (selector) => page.evaluate((selector) => document.querySelector(selector).click(), selector);
  const shows = (id, words) => page.waitForFunction((id, words) => document.getElementById(id).textContent.includes(words), { polling: 100 }, id, words);
  const write = (id, words) =>
    page.evaluate(
      (id, words) => {
        document.getElementById(id).value = words;
        document.getElementById(id).dispatchEvent(new Event("input", { bubbles: true }));
      },
      id,
      words,
    );
  const connect = async () => {
    await press("#start");
    await shows("state", "connected");
  };
  await work({ press, shows, write, connect });
  return page;
}

/** A step that another tab does after this one is connected, and is closed when the step has seen it. */
const withOther = (stop, path, work, n = 0) => async (world) => {
  const { learner } = world;
  await learner.act(stop, n);
  await learner.page.waitForFunction(() => document.getElementById("state").textContent === "connected");
  const page = await otherTab(world, path, work);
  const done = (stop, n) => document.getElementById(stop).querySelectorAll("ol.steps > li")[n].classList.contains("done");
  // A page behind another one draws no frames, but its timers run.
  await learner.page.waitForFunction(done, { polling: 100 }, stop, n);
  await page.close();
  await learner.page.bringToFront();
};

walk("7-socket-io", {
  most: 30,
  faults: {
    // Marks and picks: the bytes are there already.
    "a-get-that-waits/3": "deaf",
    "the-first-packet/1": "deaf",
    "several-in-one-answer/3": "deaf",
    "in-frames/2": "deaf",
    "all-of-it-by-itself/2": "deaf",
    "all-of-it-by-itself/3": "deaf",
    "an-answer/2": "deaf",
    "several-sockets/2": "deaf",
    // The server is gone, and the page keeps what is said.
    "when-the-server-stops/2": "none",
  },
  outside: {
    "who-is-here/1": withOther("who-is-here", HERE, ({ connect }) => connect()),
    "who-is-here/2": withOther("who-is-here", HERE, async ({ connect, write }) => {
      await connect();
      await write("text", "h");
    }, 1),
    "the-same-conversation/1": withOther("the-same-conversation", "/6-websocket/", async ({ press, shows, write }) => {
      await press("#start");
      await shows("state", "1 OPEN");
      await write("text", "hello from lesson 6");
      await press("#send");
    }),
    "when-the-server-stops/1": async ({ learner, server }) => {
      await learner.act("when-the-server-stops", 0);
      await learner.page.waitForFunction(() => document.getElementById("state").textContent === "connected");
      await server.interrupt();
    },
    "when-the-server-stops/3": ({ server }) => {
      server.options = ["--connection-state-recovery"];
      return server.startAgain();
    },
    "a-room-with-two-tabs/1": withOther("a-room-with-two-tabs", HERE, async ({ connect, press }) => {
      await connect();
      await press("#room-say");
    }),
    "to-all-but-one/1": withOther("to-all-but-one", HERE, async ({ connect, press }) => {
      await connect();
      await press("#broadcast");
    }),
    "somebody-elses-chat/1": withOther("somebody-elses-chat", "/7-socket-io/notes.html", async ({ press, write }) => {
      await write("input", "hi from their chat");
      await press("#form button");
    }),
  },
});
