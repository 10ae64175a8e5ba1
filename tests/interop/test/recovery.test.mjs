// Connection state recovery: a client that comes back soon is who it was.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  WAYS,
  ask,
  connected,
  gather,
  has,
  introduce,
  isGone,
  next,
  numbers,
  settled,
  start,
  until,
} from "../support.mjs";

const ON = "--connection-state-recovery";

/** The ways a connection can be cut; one ends it in order, the other does not. */
const CUTS = [
  { cut: "engine.close()", by: (client) => client.io.engine.close() },
  { cut: "terminate()", by: (client) => client.io.engine.transport.ws.terminate() },
];

/** What another says to everyone or to a room, as [event, what]. */
function listen(client) {
  const heard = [];
  client.on("chat message", (what) => heard.push(["chat message", what]));
  client.on("chat message - server", (what) => heard.push(["chat message - server", what]));
  client.on("broadcast", (what) => heard.push(["broadcast", what]));
  client.on("room message", ({ room, text }) => heard.push([room, text]));
  return heard;
}

/** Says five things, of which one is for a room that only others are in. */
async function say(client, i) {
  client.emit("chat message - client", `client ${i}`);
  client.emit("room message", { room: "red", text: `red ${i}` });
  client.emit("room message", { room: "green", text: `green ${i}` });
  client.emit("broadcast", Buffer.from([i]));
  await ask(client, "chat message", `chat ${i}`);
  return [
    ["chat message - server", `client ${i}`],
    ["red", `red ${i}`],
    ["broadcast", Buffer.from([i])],
    ["chat message", `chat ${i}`],
  ];
}

async function sayAll(client, from, count) {
  const all = [];
  for (const i of numbers(count)) all.push(...await say(client, from + i));
  return all;
}

describe("connection state recovery", { concurrency: true }, () => {
  for (const { way, transports, ends } of WAYS) {
    for (const { cut, by } of ends === "websocket" ? CUTS : CUTS.slice(0, 1)) {
      test(`${way}, ${cut}: same id, same rooms, and what was missed`, async (t) => {
        const server = await start(t, ON);
        const other = server.client();
        const here = gather(other, "here");
        await connected(other);
        await introduce(other, here);
        await ask(other, "join room", "green");
        const client = server.client({ transports, reconnection: false });
        const heard = listen(client);
        const connects = gather(client, "connect");
        await settled(client, ends);
        await ask(client, "join room", "red");
        assert.ok(!client.recovered);
        const { id } = client;
        const expected = await sayAll(other, 0, 3);
        await has(heard, expected.length);

        for (const round of [1, 2]) {
          await introduce(client, here);
          by(client);
          await isGone(here, id);
          expected.push(...await sayAll(other, round * 10, 10));
          client.connect();
          await settled(client, ends);
          assert.equal(client.recovered, true, `round ${round}`);
          assert.equal(client.id, id);
          expected.push(...await sayAll(other, round * 10 + 10, 2));
          await has(heard, expected.length);
          assert.deepEqual(heard, expected);
        }
        await ask(client, "echo", "a round trip later");
        assert.deepEqual(heard, expected, "nothing came twice");
        assert.equal(connects.length, 3);
      });
    }

    test(`${way}: comes back by itself, others never stop talking`, async (t) => {
      // They say thousands of things meanwhile: more than the history usually holds.
      const server = await start(t, ON, "--history", "100000");
      const other = server.client();
      const client = server.client({ transports, reconnectionDelay: 1000, randomizationFactor: 0 });
      const heard = listen(client);
      await connected(other);
      await settled(client, ends);
      await ask(client, "join room", "red");
      const { id } = client;
      const expected = await sayAll(other, 0, 2);
      await has(heard, expected.length);
      let back = false;
      next(client, "connect").then(() => (back = true));
      client.io.engine.close();
      for (let i = 2; !back || i < 20; i += 1) expected.push(...await say(other, i % 256));
      assert.equal(client.recovered, true);
      assert.equal(client.id, id);
      await has(heard, expected.length);
      assert.deepEqual(heard, expected);
    });

    test(`${way}: a new start of the server forgets`, async (t) => {
      const server = await start(t, ON);
      const client = server.client({ transports });
      const auth = gather(client, "auth");
      await settled(client, ends);
      await ask(client, "join room", "red");
      await has(auth, 1);
      const { id } = client;
      const gone = next(client, "disconnect");
      await server.kill();
      await gone;
      await server.start();
      await connected(client);
      assert.equal(client.recovered, false);
      assert.notEqual(client.id, id);
      await has(auth, 2);
      assert.deepEqual(await ask(client, "join room", "blue"), [["blue"]]);
    });
  }

  test("events end with their offset, acks and acked events do not", async (t) => {
    const server = await start(t, ON);
    const [client, other] = [server.client(), server.client()];
    const back = gather(client, "message-back");
    const auth = gather(client, "auth");
    const broadcast = gather(other, "broadcast");
    await connected(client, other);
    client.emit("message", 1, "two");
    client.emit("message");
    client.emit("message", Buffer.from("three"));
    client.emit("broadcast", { four: 4 });
    assert.deepEqual(await ask(client, "message-with-ack", 5, 6), [5, 6]);
    await Promise.all([has(back, 3), has(auth, 1), has(broadcast, 1)]);
    const offsets = [...back, ...auth, ...broadcast].map((args) => args.at(-1));
    const without = (list) => list.map((args) => args.slice(0, -1));
    assert.deepEqual(without(back), [[1, "two"], [], [Buffer.from("three")]]);
    assert.deepEqual(without(auth), [[{}]]);
    assert.deepEqual(without(broadcast), [[{ four: 4 }]]);
    for (const offset of offsets) assert.equal(typeof offset, "string");
    assert.equal(new Set(offsets).size, offsets.length, "each has its own");
  });

  test("disconnect() is final: who then connects is new", async (t) => {
    const server = await start(t, ON);
    const client = server.client();
    const auth = gather(client, "auth");
    await has(auth, 1);
    const { id } = client;
    client.disconnect().connect();
    await connected(client);
    assert.equal(client.recovered, false);
    assert.notEqual(client.id, id);
  });

  for (const [on, type] of [[true, "string"], [false, "undefined"]]) {
    test(`the answer to CONNECT has ${on ? "a" : "no"} pid with the option ${on ? "on" : "off"}`, async (t) => {
      const server = await start(t, ...(on ? [ON] : []));
      const client = server.client();
      const [packet] = await next(client.io, "packet");
      assert.equal(packet.type, 0);
      assert.equal(typeof packet.data.sid, "string");
      assert.equal(typeof packet.data.pid, type);
      assert.deepEqual(Object.keys(packet.data), on ? ["sid", "pid"] : ["sid"]);
    });
  }

  test("with the option off nothing is kept", async (t) => {
    const server = await start(t);
    const client = server.client();
    const back = gather(client, "message-back");
    await settled(client);
    client.emit("message", 1);
    await has(back, 1);
    assert.deepEqual(back, [[1]], "no offset");
    const { id } = client;
    client.io.engine.close();
    await until("it comes back", () => client.connected && client.id !== id);
    assert.ok(!client.recovered);
  });
});
