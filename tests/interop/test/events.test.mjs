// Events, acks, binary data, rooms: what the contract of `/` promises.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  WAYS,
  ask,
  connected,
  gather,
  has,
  introduce,
  manyAttachments,
  numbers,
  settled,
  start,
  until,
} from "../support.mjs";

for (const { way, transports, ends } of WAYS) {
  describe(way, { concurrency: true }, () => {
    test("message and message-with-ack give back what they got", async (t) => {
      const server = await start(t);
      const client = server.client({ transports });
      const back = gather(client, "message-back");
      await settled(client, ends);
      const args = [0, -1.5, 1e300, "", "ä€𝄞\u0000\u001e\u2028", null, true, [], {}, { a: [{ b: "c" }] }];
      client.emit("message", ...args);
      client.emit("message");
      await has(back, 2);
      assert.deepEqual(back, [args, []]);
      assert.deepEqual(await ask(client, "message-with-ack", ...args), args);
      assert.deepEqual(await ask(client, "message-with-ack"), []);
      assert.deepEqual(await ask(client, "echo", "one"), ["one"]);
    });

    test("500 acks in a row come in order", async (t) => {
      const server = await start(t);
      const client = server.client({ transports });
      await connected(client);
      const acked = [];
      for (const i of numbers(500)) client.emit("echo", i, (answer) => acked.push(answer));
      await has(acked, 500);
      assert.deepEqual(acked, numbers(500));
      for (const i of numbers(50)) assert.deepEqual(await ask(client, "echo", i), [i]);
    });

    test("binary arguments, nested, with and without an ack", async (t) => {
      const server = await start(t);
      const client = server.client({ transports });
      const back = gather(client, "message-back");
      await settled(client, ends);
      const every = Buffer.from(numbers(256));
      const args = [
        every,
        "text",
        { deep: [{ buffer: Buffer.from("ä"), empty: Buffer.alloc(0) }, 1], last: Buffer.alloc(70_000, 7) },
        [Buffer.from([1]), [Buffer.from([2]), null]],
      ];
      assert.deepEqual(await ask(client, "message-with-ack", ...args), args);
      client.emit("message", ...args);
      await has(back, 1);
      assert.deepEqual(back, [args]);
      assert.deepEqual(await ask(client, "echo", new Uint8Array([9, 8]).buffer), [Buffer.from([9, 8])]);
    });

    test("binary arguments as base64, beside half of a surrogate pair", async (t) => {
      const server = await start(t);
      const client = server.client({ transports, forceBase64: true });
      await settled(client, ends);
      const args = ["\ud83d", Buffer.from([1, 2, 3]), { "\ude00": Buffer.alloc(1) }];
      assert.deepEqual(await ask(client, "message-with-ack", ...args), args);
    });

    test("binary arguments for another client", async (t) => {
      const server = await start(t);
      const [sender, receiver] = [server.client({ transports }), server.client({ transports })];
      const came = gather(receiver, "broadcast");
      await connected(sender, receiver);
      for (const i of numbers(20)) sender.emit("broadcast", i, Buffer.from([i]), { more: Buffer.alloc(i, i) });
      await has(came, 20);
      assert.deepEqual(came, numbers(20).map((i) => [i, Buffer.from([i]), { more: Buffer.alloc(i, i) }]));
    });

    test("ten attachments, as many as the official parser takes", async (t) => {
      const server = await start(t);
      const client = server.client({ transports });
      await settled(client, ends);
      const ten = numbers(10).map((i) => Buffer.alloc(100 + i, i));
      assert.deepEqual(await ask(client, "message-with-ack", ...ten), ten);
    });

    test("40 attachments, with a parser that takes them", async (t) => {
      const server = await start(t);
      const client = server.client({ transports, parser: manyAttachments });
      await settled(client, ends);
      const many = numbers(40).map((i) => Buffer.alloc(100 + i, i));
      assert.deepEqual(await ask(client, "message-with-ack", many), [many]);
    });

    test("broadcast leaves the sender out, chat message does not", async (t) => {
      const server = await start(t);
      const clients = numbers(3).map(() => server.client({ transports }));
      await connected(...clients);
      const heard = clients.map((client) => {
        const all = [];
        client.onAny((event, ...args) => {
          if (event !== "here" && event !== "auth") all.push([event, ...args]);
        });
        return all;
      });
      clients[0].emit("broadcast", 1, { two: 2 });
      clients[0].emit("chat message - client", "a", ["b"]);
      const answer = await ask(clients[0], "chat message", "hello");
      assert.equal(typeof answer[0].id, "string");
      const forAll = [
        ["chat message - server", "a", ["b"]],
        ["chat message", "hello"],
      ];
      await Promise.all(heard.map((all, i) => has(all, i ? 3 : 2)));
      const others = [["broadcast", 1, { two: 2 }], ...forAll];
      const first = heard.map((all) => all.map(([event, ...args]) => trim(event, args)));
      assert.deepEqual(first, [forAll, others, others]);
    });

    test("rooms: only who is in one hears what is said there", async (t) => {
      const server = await start(t);
      const [a, b, c] = numbers(3).map(() => server.client({ transports }));
      await connected(a, b, c);
      const heard = [a, b, c].map((client) => gather(client, "room message"));
      assert.deepEqual(await ask(a, "join room", "red"), [["red"]]);
      const [both] = await ask(a, "join room", "blue");
      assert.deepEqual(both.sort(), ["blue", "red"]);
      assert.deepEqual(await ask(b, "join room", "red"), [["red"]]);
      assert.deepEqual(await ask(b, "join room", "red"), [["red"]], "joined twice");

      const say = async (client, room, text) => {
        client.emit("room message", { room, text });
        await ask(client, "echo", "a round trip later");
        return { room, text, from: client.id };
      };
      const first = await say(a, "red", "from inside");
      const second = await say(c, "red", "from outside");
      const third = await say(b, "blue", "for a alone");
      await say(b, "empty", "for nobody");
      assert.deepEqual(await ask(a, "leave room", "red"), [["blue"]]);
      const fourth = await say(a, "red", "after leaving");
      await has(heard[0], 3);
      await has(heard[1], 3);
      assert.deepEqual(await ask(b, "leave room", "red"), [[]]);
      await say(c, "red", "nobody is left");
      await Promise.all([a, b, c].map((client) => ask(client, "echo", "a round trip later")));
      assert.deepEqual(heard[0], [[first], [second], [third]]);
      assert.deepEqual(heard[1], [[first], [second], [fourth]]);
      assert.deepEqual(heard[2], []);
    });

    test("here tells who is connected, typing who types", async (t) => {
      const server = await start(t);
      const [a, b] = [server.client({ transports }), server.client({ transports })];
      const here = gather(a, "here");
      const typing = gather(a, "typing");
      const own = gather(b, "typing");
      await settled(a, ends);
      await settled(b, ends);
      const [idOfA, idOfB] = [a.id, b.id];
      a.emit("name", "Ada");
      b.emit("name", "Bea");
      const both = [{ id: idOfA, name: "Ada" }, { id: idOfB, name: "Bea" }];
      const is = (wanted) => () => {
        const list = here.at(-1)?.[0] ?? [];
        return wanted.length === list.length
          && wanted.every(({ id, name }) => list.some((one) => one.id === id && one.name === name));
      };
      await until("here with both", is(both));
      // Volatile: one that comes while the way is busy is left out.
      await until("typing", async () => {
        b.emit("typing", true);
        await ask(a, "echo", "a round trip later");
        return typing.length > 0;
      });
      assert.deepEqual(typing[0], [{ id: idOfB, name: "Bea" }]);
      assert.deepEqual(own, []);
      b.disconnect();
      await until("here without b", is([both[0]]));
    });
  });
}

test("here is told to those who have told their names, and lists those", async (t) => {
  const server = await start(t);
  const [watcher, silent, client] = [server.client(), server.client(), server.client()];
  const here = gather(watcher, "here");
  const unasked = gather(silent, "here");
  for (const one of [watcher, silent, client]) await connected(one);
  watcher.emit("name", "Ada");
  client.emit("name", "Bea");
  await until("here with both", () => here.at(-1)?.[1] === 2);
  assert.ok(here.at(-1)[0].every(({ id }) => id === watcher.id || id === client.id));
  client.disconnect();
  await until("here without the client", () => here.at(-1)?.[1] === 1);
  assert.deepEqual(unasked, []);
});

test("a socket with a name is told of the rooms that it joined, and of no others", async (t) => {
  const server = await start(t);
  const client = server.client();
  const here = gather(client, "here");
  await connected(client);
  await introduce(client, here);
  assert.deepEqual(await ask(client, "join room", "red"), [["red"]]);
  assert.deepEqual(await ask(client, "leave room", "red"), [[]]);
});

/** Ours may say more about a chat message (its id): only the first argument counts. */
function trim(event, args) {
  return event === "chat message" ? [event, args[0]] : [event, ...args];
}
