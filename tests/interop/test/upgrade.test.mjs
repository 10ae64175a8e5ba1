// Messages that are under way while the client changes from polling to WebSocket.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connected, gather, has, next, numbers, pause, start, upgraded } from "../support.mjs";

const COUNT = 300;
/** This many are sent only when the upgrade is done, the others from connect on. */
const AFTER = 50;

/** Calls `send` for each number, spread over the time that an upgrade takes. */
async function spread(client, send) {
  for (const i of numbers(COUNT)) {
    if (i === COUNT - AFTER) await upgraded(client);
    send(i);
    if (i % 3 === 0) await pause(1);
  }
}

/** With several at once, the upgrades fall on different moments. */
const clients = (server) => numbers(5).map(() => server.client());

describe("during the upgrade", { concurrency: true }, () => {
  test("emits with acks are neither lost, doubled nor mixed up", async (t) => {
    const server = await start(t);
    await Promise.all(clients(server).map(async (client) => {
      const acked = [];
      await next(client, "connect");
      await spread(client, (i) => client.emit("echo", i, (answer) => acked.push(answer)));
      await has(acked, COUNT);
      assert.deepEqual(acked, numbers(COUNT));
    }));
  });

  test("emits with binary data too", async (t) => {
    const server = await start(t);
    await Promise.all(clients(server).map(async (client) => {
      const back = gather(client, "message-back");
      await next(client, "connect");
      await spread(client, (i) => client.emit("message", i, Buffer.from([i % 256]), { b: Buffer.alloc(5, i) }));
      await has(back, COUNT);
      const sent = numbers(COUNT).map((i) => [i, Buffer.from([i % 256]), { b: Buffer.alloc(5, i) }]);
      assert.deepEqual(back, sent);
    }));
  });

  test("messages between others and it, both ways at once", async (t) => {
    const server = await start(t);
    const settled = server.client({ transports: ["websocket"] });
    const heard = gather(settled, "broadcast");
    await connected(settled);
    const client = server.client();
    const came = gather(client, "broadcast");
    await next(client, "connect");
    await spread(client, (i) => {
      settled.emit("broadcast", "down", i);
      client.emit("broadcast", "up", i);
    });
    await Promise.all([has(came, COUNT), has(heard, COUNT)]);
    assert.deepEqual(came, numbers(COUNT).map((i) => ["down", i]));
    assert.deepEqual(heard, numbers(COUNT).map((i) => ["up", i]));
  });

  for (const [what, more] of [["", []], [" with binary data", [Buffer.from("binary")]]]) {
    test(`broadcasts${what} to several that upgrade`, async (t) => {
      const server = await start(t);
      const sender = server.client({ transports: ["websocket"] });
      await connected(sender);
      const receivers = clients(server);
      const came = receivers.map((client) => gather(client, "broadcast"));
      await Promise.all(receivers.map((client) => next(client, "connect")));
      await spread(receivers[0], (i) => sender.emit("broadcast", i, ...more));
      await Promise.all(came.map((list) => has(list, COUNT)));
      for (const list of came) assert.deepEqual(list, numbers(COUNT).map((i) => [i, ...more]));
    });
  }
});
