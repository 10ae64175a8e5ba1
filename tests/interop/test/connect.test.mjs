// Connecting, namespaces, leaving.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Manager } from "socket.io-client";
import { WAYS, ask, connected, gather, has, isIdle, next, settled, start, until } from "../support.mjs";

describe("connecting", { concurrency: true }, () => {
  for (const { way, transports, ends } of WAYS) {
    test(`${way}: connects, on the right transport`, async (t) => {
      const server = await start(t);
      const client = server.client({ transports });
      const begins = transports?.[0] ?? "polling";
      assert.equal(client.io.engine.transport.name, begins);
      await settled(client, ends);
      assert.equal(client.io.engine.transport.name, ends);
      assert.ok(!client.io.engine.upgrading);
      assert.equal(typeof client.id, "string");
      assert.notEqual(client.id, client.io.engine.id, "the ids of socket and session differ");
      assert.deepEqual(await ask(client, "echo", "still there"), ["still there"]);
      client.disconnect();
      await isIdle(server);
    });

    test(`${way}: the payload of auth comes back`, async (t) => {
      const server = await start(t);
      const auth = { token: "ä€𝄞 \"quoted\"", nested: [1, null, { deep: true }] };
      const clients = [
        server.client({ transports, auth }),
        server.client({ transports, auth: (done) => done({ later: "yes" }) }),
        server.client({ transports }),
        server.client({ transports, namespace: "/custom", auth }),
      ];
      const came = clients.map((client) => gather(client, "auth"));
      await Promise.all(came.map((list) => has(list, 1)));
      assert.deepEqual(came, [[[auth]], [[{ later: "yes" }]], [[{}]], [[auth]]]);
    });

    test(`${way}: disconnect(), then connect()`, async (t) => {
      const server = await start(t);
      const client = server.client({ transports });
      await settled(client, ends);
      const first = client.id;
      const reason = next(client, "disconnect");
      client.disconnect();
      assert.deepEqual((await reason)[0], "io client disconnect");
      await isIdle(server);
      client.connect();
      await settled(client, ends);
      assert.notEqual(client.id, first);
      assert.deepEqual(await ask(client, "echo", 1), [1]);
      client.disconnect().connect();
      await connected(client);
      assert.deepEqual(await ask(client, "echo", 2), [2]);
    });
  }

  test("a client that may not upgrade stays with polling", async (t) => {
    const server = await start(t);
    const client = server.client({ upgrade: false });
    await connected(client);
    assert.deepEqual(await ask(client, "echo", 1), [1]);
    assert.equal(client.io.engine.transport.name, "polling");
  });

  test("WebSocket first, polling in reserve", async (t) => {
    const server = await start(t);
    const client = server.client({ transports: ["websocket", "polling"] });
    await connected(client);
    assert.equal(client.io.engine.transport.name, "websocket");
  });
});

describe("namespaces", { concurrency: true }, () => {
  for (const { way, transports } of WAYS) {
    test(`${way}: /custom answers`, async (t) => {
      const server = await start(t);
      const client = server.client({ transports, namespace: "/custom" });
      const back = gather(client, "message-back");
      await connected(client);
      client.emit("message", 1, "two", { three: [3] });
      await has(back, 1);
      assert.deepEqual(back, [[1, "two", { three: [3] }]]);
      assert.deepEqual(await ask(client, "message-with-ack", 1, "2", [3]), [1, "2", [3]]);
    });

    test(`${way}: /push pushes`, async (t) => {
      const server = await start(t);
      const client = server.client({ transports, namespace: "/push" });
      const pushed = gather(client, "message");
      await has(pushed, 2);
      for (const args of pushed) assert.deepEqual(args.map((arg) => typeof arg), ["string"]);
    });

    test(`${way}: an unknown namespace is refused`, async (t) => {
      const server = await start(t);
      const client = server.client({ transports, namespace: "/nowhere" });
      const [error] = await next(client, "connect_error");
      assert.equal(error.message, "Invalid namespace");
      assert.equal(client.connected, false);
    });

    test(`${way}: several namespaces on one connection`, async (t) => {
      const server = await start(t);
      const main = server.client({ transports });
      const custom = main.io.socket("/custom");
      const push = main.io.socket("/push");
      const unknown = main.io.socket("/nowhere");
      const refused = next(unknown, "connect_error");
      const pushed = gather(push, "message");
      for (const socket of [custom, push, unknown]) socket.connect();
      await connected(main, custom, push);
      assert.equal((await refused)[0].message, "Invalid namespace");
      assert.equal(new Set([main.id, custom.id, push.id]).size, 3, "an id for each namespace");
      assert.deepEqual(await ask(custom, "message-with-ack", "a"), ["a"]);
      assert.deepEqual(await ask(main, "message-with-ack", "b"), ["b"]);
      await has(pushed, 1);
      custom.disconnect();
      assert.deepEqual(await ask(main, "message-with-ack", "c"), ["c"]);
      custom.connect();
      await connected(custom);
      assert.deepEqual(await ask(custom, "message-with-ack", "d"), ["d"]);
      main.disconnect();
      assert.deepEqual(await ask(custom, "message-with-ack", "e"), ["e"]);
    });
  }

  test("/custom does not hear what is said in /", async (t) => {
    const server = await start(t);
    const main = server.client();
    const custom = server.client({ namespace: "/custom" });
    const heard = [];
    custom.onAny((event) => heard.push(event));
    await connected(main, custom);
    await ask(main, "chat message", "for /");
    await ask(custom, "message-with-ack", "a round trip later");
    assert.deepEqual(heard.filter((event) => event !== "auth"), []);
  });

  test("a manager without a namespace is closed after the connect time-out", async (t) => {
    const server = await start(t, "--connect-timeout-ms", "300");
    const manager = new Manager(server.origin, { reconnection: false });
    t.after(() => manager._close());
    let closed = false;
    manager.on("close", () => (closed = true));
    await until("the end of the connection", () => closed);
  });
});
