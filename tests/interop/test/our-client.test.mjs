// Our own browser client against npm's server: what it does while all is well.

import assert from "node:assert/strict";
import { withPage } from "../our-client.mjs";

withPage("default: polling, then the upgrade", {}, async ({ page, server }) => {
  const seen = await page.evaluate(async () => {
    const packets = [];
    const socket = io();
    socket.io.engine.on("packet", ({ type, data }) => packets.push(["in", type, data]));
    socket.io.engine.on("packetCreate", ({ type, data }) => packets.push(["out", type, data]));
    const first = socket.io.engine.transport.name;
    const upgraded = next(socket.io.engine, "upgrade");
    await next(socket, "connect");
    const atConnect = [socket.connected, socket.active, socket.disconnected, typeof socket.id, socket.recovered];
    const [transport] = await upgraded;
    const server = await socket.emitWithAck("transport");
    return { first, atConnect, to: transport.name, now: socket.io.engine.transport.name, id: socket.io.engine.id, server, packets };
  });
  assert.equal(seen.first, "polling");
  assert.deepEqual(seen.atConnect, [true, true, false, "string", false]);
  assert.equal(seen.to, "websocket");
  assert.equal(seen.now, "websocket");
  assert.equal(seen.server, "websocket");
  assert.equal(typeof seen.id, "string");
  assert.deepEqual(seen.packets.map((p) => p[0] + " " + p[1]).filter((p) => p !== "in noop"), ["in open", "out message", "in message", "out message", "in message"]);
  assert.equal(seen.packets[1][2], "0");
  assert.equal(seen.packets.filter((p) => p[0] === "out")[1][2], '20["transport"]');
});

withPage("polling only, with pings", { pingInterval: 200, pingTimeout: 10000 }, async ({ page, server }) => {
  const seen = await page.evaluate(async () => {
    const socket = io({ transports: ["polling"] });
    let pings = 0;
    let lost = 0;
    socket.io.on("ping", () => pings++);
    socket.on("disconnect", () => lost++);
    await next(socket, "connect");
    while (pings < 4) await next(socket.io, "ping");
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => socket.emitWithAck("echo", i)));
    return { lost, answers, pings, name: socket.io.engine.transport.name };
  });
  assert.equal(seen.lost, 0);
  assert.equal(seen.name, "polling");
  assert.deepEqual(seen.answers, Array.from({ length: 50 }, (_, i) => i));
  assert.ok(server.posts < 26 + seen.pings, "packets share a POST");
});

withPage("websocket only; upgrade: false", {}, async ({ page, server }) => {
  const seen = await page.evaluate(async () => {
    const socket = io({ transports: ["websocket"] });
    await next(socket, "connect");
    const names = [socket.io.engine.transport.name, await socket.emitWithAck("transport")];
    const other = io({ upgrade: false, forceNew: true });
    await next(other, "connect");
    await pause(500);
    return [...names, await other.emitWithAck("transport"), socket.io === other.io];
  });
  assert.deepEqual(seen, ["websocket", "websocket", "polling", false]);
});

for (const transport of ["polling", "websocket"]) {
  withPage(`${transport}: acks, time-outs, binary, large`, { maxHttpBufferSize: 2e6 }, async ({ page }) => {
    const seen = await page.evaluate(async (transport) => {
      const socket = io({ transports: [transport] });
      await next(socket, "connect");
      socket.on("question", (question, answer) => {
        answer("you said", question);
        answer("twice does nothing");
      });
      const result = {};
      result.plain = await new Promise((resolve) => socket.emit("echo", 1, "å\u{1F600}\x1e\ud800", (...answers) => resolve(answers)));
      result.asked = await socket.emitWithAck("ask me", "why");
      result.withTimeout = await new Promise((resolve) => socket.timeout(20000).emit("echo", 1, 2, (...args) => resolve(args)));
      result.tooLate = await new Promise((resolve) => socket.timeout(100).emit("never", (...args) => resolve([String(args[0]), args.length])));
      result.promiseTooLate = await socket.timeout(100).emitWithAck("never").catch(String);
      const bytes = (buffer) => [buffer.constructor.name, ...new Uint8Array(buffer)];
      const [a, b] = await new Promise((resolve) =>
        socket.emit("echo", { deep: [new Uint8Array([9, 8, 1, 2, 255, 7]).subarray(2, 5)] }, new Uint8Array([5]).buffer, (...answers) => resolve(answers)),
      );
      result.binary = [bytes(a.deep[0]), bytes(b)];
      const back = next(socket, "echo");
      socket.emit("echo", new Uint16Array([258]), "x");
      const [c, x] = await back;
      result.binaryEvent = [bytes(c), x];
      const asked = await socket.emitWithAck("ask me", new Uint8Array([1, 2]));
      result.binaryAck = [asked[0], bytes(asked[1])];
      result.placeholder = await socket.emitWithAck("echo", { _placeholder: true, num: 0 });
      const big = "x".repeat(900_000);
      result.big = (await socket.emitWithAck("echo", big)) === big;
      const bigBytes = crypto.getRandomValues(new Uint8Array(65536));
      const many = new Uint8Array(900_000).map((_, i) => bigBytes[i % 65521]);
      const returned = new Uint8Array(await socket.emitWithAck("echo", many));
      result.bigBinary = returned.length === many.length && returned.every((byte, i) => byte === many[i]);
      result.date = await socket.emitWithAck("echo", new Date(0));
      result.blob = await socket.emitWithAck("echo", new Blob(["x"])).catch(String);
      try {
        socket.emit("connect");
      } catch (error) {
        result.reserved = error.message;
      }
      result.chain = socket.emit("a") === socket && socket.send("b") === socket && socket.volatile.emit("c") === socket;
      return result;
    }, transport);
    assert.deepEqual(seen.plain, [1, "å\u{1F600}\x1e\ud800"]);
    assert.deepEqual(seen.asked, ["you said", "why"]);
    assert.deepEqual(seen.withTimeout, [null, 1, 2]);
    assert.deepEqual(seen.tooLate, ["Error: operation has timed out", 1]);
    assert.equal(seen.promiseTooLate, "Error: operation has timed out");
    assert.deepEqual(seen.binary, [["ArrayBuffer", 1, 2, 255], ["ArrayBuffer", 5]]);
    assert.deepEqual(seen.binaryEvent, [["ArrayBuffer", 2, 1], "x"]);
    assert.deepEqual(seen.binaryAck, ["you said", ["ArrayBuffer", 1, 2]]);
    assert.deepEqual(seen.placeholder, { _placeholder: true, num: 0 });
    assert.ok(seen.big && seen.bigBinary && seen.chain);
    assert.equal(seen.date, "1970-01-01T00:00:00.000Z");
    assert.match(seen.blob, /TypeError.*Blob/);
    assert.equal(seen.reserved, '"connect" is a reserved event name');
  });
}

withPage("payloads are split by maxPayload", { maxHttpBufferSize: 10_000 }, async ({ page, server }) => {
  const got = [];
  server.io.on("connection", (socket) => socket.on("part", (i) => got.push(i)));
  await page.evaluate(async () => {
    const socket = io({ transports: ["polling"] });
    await next(socket, "connect");
    for (let i = 0; i < 40; i++) socket.emit("part", i, "é".repeat(1000));
    await socket.emitWithAck("transport");
  });
  assert.deepEqual(got, Array.from({ length: 40 }, (_, i) => i));
  assert.ok(server.posts >= 9);
});

for (const delay of [0, 1, 5]) {
  const got = [];
  // The slow ones are said on both sides of the upgrade.
  const onUpgrade = (socket, go) => {
    if (delay < 5 || got.length >= 50) setTimeout(go, 50 + 20 * delay);
    else setTimeout(onUpgrade, 10, socket, go);
  };
  withPage(`200 messages each way during the upgrade, one each ${delay} ms`, { onUpgrade }, async ({ page, server }) => {
    server.io.on("connection", (socket) => {
      socket.on("number", (i) => got.push([i, socket.conn.transport.name]));
      let i = 0;
      const next = () => {
        socket.emit("number", i++);
        if (i < 200) delay ? setTimeout(next, delay) : setImmediate(next);
      };
      next();
    });
    const seen = await page.evaluate(async (delay) => {
      const socket = io();
      const numbers = [];
      const names = [];
      socket.on("number", (i) => {
        numbers.push(i);
        names.push(socket.io.engine.transport.name);
      });
      await next(socket, "connect");
      for (let i = 0; i < 200; i++) {
        while (delay === 5 && i === 150 && socket.io.engine.transport.name !== "websocket") await pause(10);
        socket.emit("number", i);
        if (delay) await pause(delay);
        else await 0;
      }
      const end = Date.now() + 20000;
      while ((numbers.length < 200 || socket.io.engine.transport.name !== "websocket") && Date.now() < end) await pause(20);
      await socket.emitWithAck("transport");
      return { numbers, names: [...new Set(names)], name: socket.io.engine.transport.name };
    }, delay);
    const expected = Array.from({ length: 200 }, (_, i) => i);
    assert.deepEqual(seen.numbers, expected);
    assert.deepEqual(got.map((g) => g[0]), expected);
    assert.equal(seen.name, "websocket");
    if (delay === 5) assert.deepEqual([...new Set(got.map((g) => g[1]))], ["polling", "websocket"]);
  });
}

withPage("namespaces share a connection; auth; connect_error", {}, async ({ page, server }) => {
  server.io.of("/push").on("connection", (socket) => {
    socket.emit("early", socket.handshake.auth, socket.handshake.query.colour);
    socket.on("hello", (ack) => ack("from push"));
  });
  server.io.of("/closed").use((socket, next) => {
    if (socket.handshake.auth.token === "right") return next();
    const error = new Error("not you");
    error.data = { code: 7 };
    next(error);
  });
  const seen = await page.evaluate(async () => {
    const main = io({ query: { colour: "blue" } });
    const push = io("/push", { auth: { token: "abc" } });
    const closed = io("/closed", { auth: (cb) => setTimeout(() => cb({ token: globalThis.token }), 50) });
    const unknown = io(location.origin + "/unknown");
    const early = next(push, "early");
    const refusedUnknown = next(unknown, "connect_error");
    const refused = next(closed, "connect_error");
    await next(main, "connect");
    const result = { early: await early };
    result.same = main.io === push.io && push.io === closed.io && unknown.io === main.io;
    result.ids = new Set([main.id, push.id]).size;
    const [error] = await refused;
    result.refused = [error instanceof Error, error.message, error.data, closed.active];
    result.unknown = (await refusedUnknown)[0].message;
    globalThis.token = "right";
    closed.connect();
    await next(closed, "connect");
    result.then = closed.connected;
    const second = io("/push");
    await next(second, "connect");
    result.second = second.io !== push.io;
    result.hello = await push.emitWithAck("hello");
    push.disconnect();
    result.mainStays = (await main.emitWithAck("echo", 1)) === 1 && main.io.engine.readyState === "open";
    main.disconnect();
    closed.disconnect();
    while (main.io.engine.readyState !== "closed") await pause(10);
    result.closedAll = main.io.engine.readyState;
    return result;
  });
  assert.deepEqual(seen.early, [{ token: "abc" }, "blue"]);
  assert.ok(seen.same);
  assert.equal(seen.ids, 2);
  assert.deepEqual(seen.refused, [true, "not you", { code: 7 }, false]);
  assert.equal(seen.unknown, "Invalid namespace");
  assert.ok(seen.then && seen.second && seen.mainStays);
  assert.equal(seen.hello, "from push");
  assert.equal(seen.closedAll, "closed");
});

withPage("buffered emits, volatile, events before connect", {}, async ({ page, server }) => {
  const got = [];
  server.io.use((socket, next) => {
    socket.emit("before connect", 1);
    next();
  });
  server.io.on("connection", (socket) => socket.onAny((event, i) => event === "n" && got.push(i)));
  const seen = await page.evaluate(async () => {
    const socket = io({ autoConnect: false });
    const order = [];
    const before = [socket.active, socket.connected, socket.io.engine];
    socket.on("before connect", () => order.push("early " + socket.connected));
    socket.on("connect", () => order.push("connect"));
    for (let i = 0; i < 5; i++) socket.emit("n", i);
    socket.volatile.emit("n", "volatile");
    const late = socket.timeout(50).emitWithAck("n", "too late").catch(String);
    await pause(120);
    const ack = socket.emitWithAck("echo", "buffered");
    socket.connect();
    socket.connect();
    return { before, late: await late, ack: await ack, order };
  });
  assert.deepEqual(seen.before.slice(0, 2), [false, false]);
  assert.equal(seen.late, "Error: operation has timed out");
  assert.equal(seen.ack, "buffered");
  assert.deepEqual(got, [0, 1, 2, 3, 4]);
  assert.equal(seen.order.at(-1), "connect");
});
