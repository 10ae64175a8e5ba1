// The official client in Chromium.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { blank, foreignOrigin, launch, ownPage } from "../browser.mjs";
import { SOON, WAYS, connected, gather, has, isReference, numbers, start } from "../support.mjs";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** Connects in the page as `socket`, and gives the transport that it ends on. */
function connectIn(page, { url, transports, ends = "websocket" }) {
  return page.evaluate(async ({ url, transports, ends, limit }) => {
    window.socket = io(url, { transports, forceNew: true });
    window.ask = (...args) => socket.timeout(limit).emitWithAck(...args);
    await new Promise((done, fail) => {
      socket.once("connect", done);
      socket.once("connect_error", fail);
    });
    const end = Date.now() + limit;
    while (socket.io.engine.transport.name !== ends && Date.now() < end) {
      await new Promise((done) => setTimeout(done, 5));
    }
    return socket.io.engine.transport.name;
  }, { url, transports, ends, limit: SOON });
}

describe("in Chromium", { concurrency: 3 }, () => {
  for (const { way, transports, ends } of WAYS) {
    test(`${way}: connects, and acks come`, async (t) => {
      const server = await start(t);
      const page = await ownPage(t, browser, server);
      assert.equal(await connectIn(page, { transports, ends }), ends);
      const answers = await page.evaluate(async () => {
        const all = [await ask("echo", "ä€𝄞"), await ask("message-with-ack", { a: [1, null] })];
        for (let i = 0; i < 30; i += 1) all.push(await ask("echo", i));
        return all;
      });
      assert.deepEqual(answers, ["ä€𝄞", { a: [1, null] }, ...numbers(30)]);
      assert.deepEqual(page.complaints, []);
    });

    test(`${way}: binary data, there and back, and to others`, async (t) => {
      const server = await start(t);
      const other = server.client();
      const came = gather(other, "broadcast");
      await connected(other);
      const page = await ownPage(t, browser, server);
      await connectIn(page, { transports, ends });
      const [whole, answer] = await page.evaluate(async () => {
        const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
        const back = await ask("message-with-ack", { deep: [bytes.buffer, new Blob(["blob"]), "text"] });
        const large = await ask("echo", new Uint8Array(300_000).fill(7));
        socket.emit("broadcast", bytes, { more: new ArrayBuffer(3) });
        const kinds = [back.deep[0], back.deep[1], large].map((it) => it.constructor.name);
        const sizes = [back.deep[0], large].map((it) => it.byteLength);
        const text = new TextDecoder().decode(back.deep[1]);
        return [[...new Uint8Array(back.deep[0])], { kinds, sizes, text, last: back.deep[2] }];
      });
      assert.deepEqual(whole, numbers(256));
      assert.deepEqual(answer, {
        kinds: ["ArrayBuffer", "ArrayBuffer", "ArrayBuffer"],
        sizes: [256, 300_000],
        text: "blob",
        last: "text",
      });
      await has(came, 1);
      assert.deepEqual(came, [[Buffer.from(numbers(256)), { more: Buffer.alloc(3) }]]);
      assert.deepEqual(page.complaints, []);
    });

    test(`${way}: 200 messages each way in order, from connect on`, async (t) => {
      const server = await start(t);
      const other = server.client({ transports: ["websocket"] });
      const heard = gather(other, "broadcast");
      await connected(other);
      const page = await ownPage(t, browser, server);
      await page.exposeFunction("begin", () => {
        for (const i of numbers(200)) other.emit("broadcast", i);
      });
      const result = await page.evaluate(async ({ transports, ends, limit }) => {
        const socket = io({ transports });
        const [came, acked] = [[], []];
        socket.on("broadcast", (i) => came.push(i));
        await new Promise((done) => socket.once("connect", done));
        begin();
        for (let i = 0; i < 200; i += 1) {
          socket.emit("broadcast", i);
          socket.emit("echo", i, (answer) => acked.push(answer));
          if (i % 4 === 0) await new Promise((done) => setTimeout(done));
        }
        const end = Date.now() + limit;
        const open = () => came.length < 200 || acked.length < 200 || socket.io.engine.transport.name !== ends;
        while (open() && Date.now() < end) {
          await new Promise((done) => setTimeout(done, 5));
        }
        return { came, acked, ends: socket.io.engine.transport.name };
      }, { transports, ends, limit: SOON });
      assert.deepEqual(result, { came: numbers(200), acked: numbers(200), ends });
      await has(heard, 200);
      assert.deepEqual(heard.flat(), numbers(200));
      assert.deepEqual(page.complaints, []);
    });

    test(`${way}: comes back after a new start of the server`, async (t) => {
      const server = await start(t);
      const page = await ownPage(t, browser, server);
      await connectIn(page, { transports, ends });
      const gone = page.evaluate(() => new Promise((done) => socket.once("disconnect", done)));
      const first = await page.evaluate(() => socket.id);
      await server.kill();
      assert.match(await gone, /^transport (close|error)$/);
      await server.start();
      await page.waitForFunction((id) => socket.connected && socket.id !== id, first, { timeout: SOON });
      assert.equal(await page.evaluate(() => ask("echo", "back")), "back");
    });

    test(`${way}: from an origin that is allowed`, async (t) => {
      const origin = await foreignOrigin(t);
      const server = await start(t, "--allow-origin", origin);
      const page = await blank(t, browser);
      await page.goto(origin);
      assert.equal(await connectIn(page, { url: server.origin, transports, ends }), ends);
      assert.equal(await page.evaluate(() => ask("echo", "from elsewhere")), "from elsewhere");
      const size = await page.evaluate(async () => (await ask("echo", new ArrayBuffer(50_000))).byteLength);
      assert.equal(size, 50_000);
      assert.deepEqual(page.complaints, []);
    });

    test(`${way}: not from an origin that is not allowed`, async (t) => {
      const origin = await foreignOrigin(t);
      const other = await foreignOrigin(t);
      for (const options of [[], ["--allow-origin", other]]) {
        const server = await start(t, ...options);
        const page = await blank(t, browser);
        await page.goto(origin);
        const result = connectIn(page, { url: server.origin, transports, ends });
        // The official server looks at no origin: it leaves that to the
        // browser, which asks nobody about a WebSocket.
        if (isReference && transports?.[0] === "websocket") assert.equal(await result, "websocket");
        else await assert.rejects(result, /websocket error|xhr poll error/);
      }
    });
  }

  test("the server's own page is there", async (t) => {
    const server = await start(t);
    const page = await blank(t, browser);
    const answer = await page.goto(`${server.origin}/7-socket-io/`);
    assert.equal(answer.status(), 200);
    assert.deepEqual(page.complaints, []);
  });
});
