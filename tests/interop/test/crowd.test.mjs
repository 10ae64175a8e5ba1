// Many at once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { connected, isIdle, numbers, start, until } from "../support.mjs";

const LONG = 90_000;

test("200 clients each say one thing, and each hears all 200", async (t) => {
  const server = await start(t);
  const clients = numbers(200).map((i) => {
    const transports = i % 2 ? ["polling"] : undefined;
    return server.client({ transports, timeout: LONG });
  });
  const heard = clients.map((client) => {
    const all = [];
    client.on("chat message", (text) => all.push(text));
    return all;
  });
  const lost = [];
  for (const client of clients) client.on("disconnect", (reason) => lost.push(reason));
  await connected(...clients);
  for (const [i, client] of clients.entries()) client.emit("chat message", `from ${i}`);
  await until("all hear all", () => lost.length || heard.every((all) => all.length >= 200), LONG);
  assert.deepEqual(lost, []);
  for (const all of heard) assert.deepEqual(all, heard[0], "all in the same order");
  assert.deepEqual([...heard[0]].sort(), numbers(200).map((i) => `from ${i}`).sort());
  for (const client of clients) client.disconnect();
  await isIdle(server);
});
