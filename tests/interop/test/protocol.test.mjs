// What a client that does not keep the rules gets to see, by a bare WebSocket.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { once } from "node:events";
import { WebSocket } from "ws";
import { ask, bare, connected, gather, has, numbers, start, until } from "../support.mjs";

describe("a bare WebSocket", { concurrency: true }, () => {
  test("gets the handshake, the answer to CONNECT and auth", async (t) => {
    const server = await start(t, "--ping-interval-ms", "7000", "--ping-timeout-ms", "6000", "--max-payload", "5000");
    const socket = bare(t, server);
    await has(socket.packets, 1);
    const { sid, ...handshake } = JSON.parse(socket.packets[0].slice(1));
    assert.equal(socket.packets[0][0], "0");
    assert.equal(typeof sid, "string");
    assert.deepEqual(handshake, { upgrades: [], pingInterval: 7000, pingTimeout: 6000, maxPayload: 5000 });
    socket.send('40{"a":1}');
    await has(socket.packets, 3);
    assert.match(socket.packets[1], /^40\{"sid":"[^"]+"\}$/);
    assert.ok(socket.packets.includes('42["auth",{"a":1}]'), String(socket.packets));
    socket.send('4217["echo","ä"]');
    await until("the ack", () => socket.packets.includes('4317["ä"]'));
    socket.send("40/nowhere,");
    await until("the refusal", () => socket.packets.includes('44/nowhere,{"message":"Invalid namespace"}'));
  });

  test("that says nothing is closed after the connect time-out", async (t) => {
    const server = await start(t, "--connect-timeout-ms", "300");
    const socket = bare(t, server);
    await until("its end", () => socket.readyState === WebSocket.CLOSED);
  });

  for (const wrong of ["4", "47", "42", "42{}", '42["connect"]', "45-[", '451-["message"]', "9", "", "4x"]) {
    test(`that sends ${JSON.stringify(wrong)} loses its own session at most`, async (t) => {
      const server = await start(t);
      const other = server.client();
      const lost = gather(other, "disconnect");
      await connected(other);
      const socket = bare(t, server);
      await once(socket, "open");
      socket.send("40");
      await until("CONNECT", () => socket.packets.some((packet) => packet.startsWith("40")));
      socket.send(wrong);
      for (const i of numbers(3)) assert.deepEqual(await ask(other, "echo", i), [i]);
      assert.deepEqual(lost, []);
    });
  }
});
