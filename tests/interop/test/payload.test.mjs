// The limit that the handshake announces as maxPayload.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ask, connected, gather, has, next, numbers, settled, start } from "../support.mjs";

const LIMIT = 5000;

/** A text with which the packet of the client's next `echo` has this many bytes. */
function filled(client, bytes, letter = "x") {
  const frame = `42${client.ids}${JSON.stringify(["echo", ""])}`.length;
  const size = Buffer.byteLength(letter);
  const left = bytes - frame;
  return letter.repeat(Math.floor(left / size)) + "y".repeat(left % size);
}

const WAYS = [
  { way: "polling", transports: ["polling"], ends: "polling" },
  { way: "WebSocket", transports: ["websocket"], ends: "websocket" },
  { way: "upgraded", transports: undefined, ends: "websocket" },
];

describe("maxPayload", { concurrency: true }, () => {
  for (const { way, transports, ends } of WAYS) {
    for (const letter of ["x", "€"]) {
      test(`${way}: ${LIMIT} bytes of "${letter}" arrive, one more ends this session only`, async (t) => {
        const server = await start(t, "--max-payload", String(LIMIT));
        const other = server.client({ transports });
        const lost = gather(other, "disconnect");
        const client = server.client({ transports, reconnection: false });
        await settled(other, ends);
        await settled(client, ends);
        await ask(client, "echo", "the way is free");
        const text = filled(client, LIMIT, letter);
        assert.deepEqual(await ask(client, "echo", text), [text]);

        const gone = next(client, "disconnect");
        client.emit("echo", filled(client, LIMIT + 1, letter), () => assert.fail("it was answered"));
        const [reason] = await gone;
        assert.match(reason, /^transport (close|error)$/);
        assert.deepEqual(await ask(other, "echo", "goes on"), ["goes on"]);
        assert.deepEqual(lost, []);
        client.connect();
        await connected(client);
        assert.deepEqual(await ask(client, "echo", "again"), ["again"]);
      });
    }
  }

  test("polling: many packets at once are sent in parts within the limit", async (t) => {
    const server = await start(t, "--max-payload", String(LIMIT));
    const client = server.client({ transports: ["polling"] });
    const lost = gather(client, "disconnect");
    await connected(client);
    const sent = numbers(60).map((i) => String(i).padEnd(500 + 70 * (i % 9), "."));
    const acked = [];
    for (const text of sent) client.emit("echo", text, (answer) => acked.push(answer));
    await has(acked, sent.length);
    assert.deepEqual(acked, sent);
    assert.deepEqual(lost, []);
  });

  test("WebSocket: binary attachments may have the limit each", async (t) => {
    const server = await start(t, "--max-payload", String(LIMIT));
    const client = server.client({ transports: ["websocket"], reconnection: false });
    await connected(client);
    const three = numbers(3).map((i) => Buffer.alloc(LIMIT, i));
    assert.deepEqual(await ask(client, "message-with-ack", ...three), three);
    const gone = next(client, "disconnect");
    client.emit("message-with-ack", Buffer.alloc(LIMIT + 1), () => assert.fail("it was answered"));
    await gone;
  });

  test("the default allows 900 kB, there and back", async (t) => {
    const server = await start(t);
    for (const transports of [["polling"], ["websocket"]]) {
      const client = server.client({ transports });
      await connected(client);
      const text = "0123456789".repeat(90_000);
      assert.deepEqual(await ask(client, "echo", text), [text]);
      const binary = Buffer.alloc(600_000, "binary");
      assert.deepEqual(await ask(client, "echo", binary), [binary]);
    }
  });
});
