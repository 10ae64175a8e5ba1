// Pings and pongs. The tests of this file run one after the other: a client that
// is kept from answering in time would rightly be taken for gone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket } from "ws";
import { WAYS, ask, bare, connected, gather, has, start, until } from "../support.mjs";

const SHORT = ["--ping-interval-ms", "300", "--ping-timeout-ms", "5000"];
/** Far more intervals than either side would wait without a ping or a pong. */
const PINGS = 10;

for (const { way, transports } of WAYS) {
  test(`${way}: stays up over several heartbeats`, async (t) => {
    const server = await start(t, ...SHORT);
    const client = server.client({ transports });
    const lost = gather(client, "disconnect");
    const pings = gather(client.io, "ping");
    await connected(client);
    await has(pings, PINGS);
    assert.deepEqual(await ask(client, "echo", "up"), ["up"]);
    assert.deepEqual(lost.map(([reason]) => reason), []);
  });
}

test("who does not answer pings is closed, the others are not", async (t) => {
  const server = await start(t, ...SHORT);
  const other = server.client();
  const lost = gather(other, "disconnect");
  const socket = bare(t, server);
  await connected(other);
  await has(socket.packets, 1);
  socket.send("40");
  await until("its end", () => socket.readyState === WebSocket.CLOSED);
  assert.ok(socket.packets.includes("2"), `a ping in ${socket.packets}`);
  assert.deepEqual(lost.map(([reason]) => reason), []);
});
