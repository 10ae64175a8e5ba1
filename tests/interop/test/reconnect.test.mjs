// The server goes and comes back: the official client returns by itself.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WAYS, ask, connected, gather, has, introduce, isGone, numbers, settled, start } from "../support.mjs";

const ENDS = [
  { end: "SIGKILL", by: (server) => server.kill() },
  { end: "SIGTERM", by: (server) => server.stop() },
];

describe("reconnection", { concurrency: true }, () => {
  for (const { way, transports, ends } of WAYS) {
    for (const { end, by } of ENDS) {
      test(`${way}: after ${end} and a new start on the same port`, async (t) => {
        const server = await start(t);
        const clients = [
          server.client({ transports, auth: { who: "main" } }),
          server.client({ transports, namespace: "/custom", auth: { who: "custom" } }),
        ];
        const auth = clients.map((client) => gather(client, "auth"));
        const lost = clients.map((client) => gather(client, "disconnect"));
        await Promise.all(clients.map((client) => settled(client, ends)));
        await Promise.all(auth.map((list) => has(list, 1)));
        const ids = clients.map((client) => client.id);

        await by(server);
        await Promise.all(lost.map((list) => has(list, 1)));
        for (const [[reason]] of lost) assert.match(reason, /^transport (close|error)$/);
        const waiting = ask(clients[0], "echo", "said in between");
        await server.start();
        await connected(...clients);
        assert.deepEqual(await waiting, ["said in between"], "what was buffered is sent");
        assert.deepEqual(await ask(clients[1], "message-with-ack", 1), [1]);
        for (const [i, client] of clients.entries()) {
          await settled(client, ends);
          assert.notEqual(client.id, ids[i]);
          assert.ok(!client.recovered);
        }
        await Promise.all(auth.map((list) => has(list, 2)));
        assert.deepEqual(auth, [
          [[{ who: "main" }], [{ who: "main" }]],
          [[{ who: "custom" }], [{ who: "custom" }]],
        ]);
        assert.deepEqual(lost.map((list) => list.length), [1, 1]);
      });
    }

    test(`${way}: after its own connection was cut`, async (t) => {
      const server = await start(t);
      const client = server.client({ transports });
      const watcher = server.client();
      const here = gather(watcher, "here");
      await connected(watcher);
      await settled(client, ends);
      await introduce(watcher, here);
      await introduce(client, here);
      const first = client.id;
      await ask(client, "join room", "red");
      client.io.engine.close();
      await isGone(here, first);
      await connected(client);
      assert.notEqual(client.id, first);
      assert.ok(!client.recovered);
      assert.deepEqual(await ask(client, "join room", "blue"), [["blue"]], "the rooms are not kept");
    });
  }

  test("SIGTERM ends the server in order though 20 clients are connected", async (t) => {
    const server = await start(t);
    const clients = numbers(20).map((i) => server.client({ ...WAYS[i % 3], reconnection: false }));
    const lost = clients.map((client) => gather(client, "disconnect"));
    await connected(...clients);
    await server.stop();
    await Promise.all(lost.map((list) => has(list, 1)));
  });
});
