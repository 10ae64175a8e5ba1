// The best-known EventSource of somebody else, which says its last id in the URL, in Chromium.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { launch, ownPage } from "../browser.mjs";
import { Server } from "../server.mjs";
import { isReference, until } from "../support.mjs";

const POLYFILL = readFileSync(new URL("../node_modules/event-source-polyfill/src/eventsource.min.js", import.meta.url), "utf8");

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

test("it comes back again and again, and nothing is lost or doubled", { skip: isReference }, async (t) => {
  const server = await new Server([], "../../target/debug/lesson5").start();
  t.after(() => server.kill());
  const page = await ownPage(t, browser, server);
  await page.addScriptTag({ content: POLYFILL });
  const asked = [];
  page.on("request", (request) => request.url().includes("/sse/") && asked.push(new URL(request.url()).searchParams.get("lastEventId")));
  // After a second of silence, the least that it allows, it takes the connection for lost.
  await page.evaluate(() => {
    window.heard = [];
    const source = new EventSourcePolyfill("/sse/stream?topic=chat&after=0", { heartbeatTimeout: 1000 });
    source.addEventListener("message", (event) => heard.push(JSON.parse(event.data).data));
    source.addEventListener("gap", () => heard.push("gap"));
  });
  const said = [];
  const say = async () => {
    said.push(said.length);
    const answer = await fetch(`${server.origin}/publish`, { method: "POST", body: JSON.stringify({ data: said.at(-1) }) });
    assert.equal(answer.status, 200);
  };
  const heard = () => page.evaluate(() => heard);
  await say();
  for (const times of [1, 2, 3]) {
    await until("it has heard all", async () => (await heard()).length >= said.length);
    await until("it comes back", () => asked.filter((id) => id !== null).length >= times);
    // While it is on its way, perhaps.
    await say();
    await say();
  }
  await until("all is heard", async () => (await heard()).length >= said.length);
  assert.deepEqual(await heard(), said);
});
