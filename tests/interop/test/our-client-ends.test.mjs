// Our own browser client against npm's server: ends, restarts, wrong packets.

import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket } from "ws";
import { CLIENT, newPage, startServer, withPage } from "../our-client.mjs";
import { until } from "../support.mjs";

for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
  test(`server restart: ${transports}`, { timeout: 60000 }, async () => {
    let server = await startServer();
    const page = await newPage();
    try {
      await page.goto(server.url);
      await page.evaluate(async (transports) => {
        globalThis.log = [];
        globalThis.socket = io({ transports, reconnectionDelay: 100, reconnectionDelayMax: 300 });
        socket.on("connect", () => log.push("connect"));
        socket.on("disconnect", (reason) => log.push("disconnect: " + reason));
        socket.on("connect_error", (error) => log.push("connect_error: " + error.message));
        for (const event of ["reconnect_attempt", "reconnect", "reconnect_error"]) {
          socket.io.on(event, (arg) => log.push(event + (typeof arg === "number" ? " " + arg : "")));
        }
        await new Promise((resolve) => socket.once("connect", resolve));
      }, transports);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const { port } = server;
      await server.close();
      await page.waitForFunction(() => log.filter((line) => line.startsWith("connect_error")).length >= 2);
      await page.evaluate(() => {
        globalThis.late = socket.emitWithAck("echo", "kept");
      });
      server = await startServer({}, port);
      await page.waitForFunction(() => log.at(-1) === "connect" && log.includes("reconnect_error"));
      assert.equal(await page.evaluate(() => late), "kept");
      const log = await page.evaluate(() => log);
      assert.equal(log[0], "connect");
      assert.match(log[1], /^disconnect: transport (close|error)$/);
      assert.deepEqual(log.slice(2, 5), ["reconnect_attempt 1", `connect_error: ${transports[0] === "polling" ? "fetch read error" : "websocket error"}`, "reconnect_error"]);
      assert.match(log.at(-2), /^reconnect \d+$/);
      assert.equal(server.overlaps, 0);
    } finally {
      await page.close();
      await server.close();
    }
  });
}

withPage("no reconnection after the last attempt; reconnect_failed", {}, async ({ page, server }) => {
  const seen = await page.evaluate(async () => {
    const log = [];
    const socket = io("/x", { path: "/nowhere", reconnectionAttempts: 2, reconnectionDelay: 20 });
    socket.on("connect_error", (error) => log.push(error.message + " " + error.description));
    const manager = socket.io;
    for (const event of ["reconnect_attempt", "reconnect_error", "error"]) manager.on(event, () => log.push(event));
    await next(manager, "reconnect_failed");
    await pause(200);
    return log;
  });
  const failed = ["fetch read error 404", "error"];
  assert.deepEqual(seen, [...failed, "reconnect_attempt", ...failed, "reconnect_error", "reconnect_attempt", ...failed, "reconnect_error"]);
});

withPage("connection state recovery", { connectionStateRecovery: {}, pingInterval: 300, pingTimeout: 10000 }, async ({ page, server }) => {
  const result = page.evaluate(async () => {
    const socket = io({ reconnectionDelay: 300, randomizationFactor: 0 });
    const got = [];
    socket.on("news", (i) => got.push(i));
    await next(socket, "connect");
    const { id } = socket;
    await socket.emitWithAck("echo", 1);
    while (got.length < 2) await pause(10);
    const gone = next(socket, "disconnect");
    socket.io.engine.close();
    const [reason] = await gone;
    if (!socket.connected) await next(socket, "connect");
    while (got.length <= 6) await pause(10);
    const heard = [...got];
    const recovered = [socket.recovered, socket.id === id];
    socket.disconnect();
    socket.connect();
    await next(socket, "connect");
    return { heard, recovered, reason, afterClose: socket.recovered };
  });
  let i = 0;
  let connections = 0;
  server.io.on("connection", () => connections++);
  while (connections === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  const timer = setInterval(() => server.io.emit("news", i++), 50);
  const seen = await result.finally(() => clearInterval(timer));
  assert.deepEqual(seen.recovered, [true, true]);
  assert.deepEqual(seen.heard, Array.from({ length: seen.heard.length }, (_, n) => n + seen.heard[0]));
});

for (const transports of [["polling"], ["websocket"]]) {
  withPage(`disconnects from both sides: ${transports}`, {}, async ({ page, server }) => {
    const reasons = [];
    server.io.on("connection", (socket) => socket.on("disconnect", (reason) => reasons.push(reason)));
    const seen = await page.evaluate(async (transports) => {
      const log = [];
      const socket = io({ transports, reconnectionDelay: 50 });
      socket.on("disconnect", (reason) => log.push(reason));
      await next(socket, "connect");
      socket.emit("never", (...args) => log.push("must not be called"));
      const pending = socket.emitWithAck("never").catch((error) => log.push(error.message));
      socket.disconnect();
      await pending;
      log.push(socket.id === undefined, socket.active);
      await pause(300);
      log.push(socket.connected);
      socket.connect();
      await next(socket, "connect");
      socket.emit("kick");
      await next(socket, "disconnect");
      await pause(300);
      log.push(socket.connected, socket.active);
      socket.connect();
      await next(socket, "connect");
      socket.emit("kick all");
      await next(socket, "disconnect");
      await pause(300);
      return log;
    }, transports);
    assert.deepEqual(seen, [
      "io client disconnect", "socket has been disconnected", true, false, false,
      "io server disconnect", false, false, "io server disconnect",
    ]);
    assert.equal(reasons[0], "client namespace disconnect");
    assert.equal(reasons.length, 3);
  });
}

withPage("once, off, onAny; a listener that throws", {}, async ({ page, errors }) => {
  const seen = await page.evaluate(async () => {
    const socket = io({ transports: ["websocket"] });
    const log = [];
    const fn = () => log.push("fn");
    const gone = () => log.push("gone");
    socket.once("echo", () => log.push("once"));
    socket.on("echo", fn);
    socket.on("echo", gone);
    socket.once("echo", gone);
    socket.off("echo", gone).off("echo", gone);
    socket.on("echo", () => {
      throw new Error("on purpose");
    });
    socket.on("echo", () => log.push("after the throw"));
    socket.onAny((event, ...args) => log.push("any " + event + args));
    await next(socket, "connect");
    socket.emit("echo", 1);
    socket.emit("echo", 2);
    await socket.emitWithAck("echo", 3);
    socket.off("echo");
    socket.emit("echo", 4);
    await socket.emitWithAck("echo", 5);
    return log;
  });
  assert.deepEqual(seen, ["any echo1", "once", "fn", "after the throw", "any echo2", "fn", "after the throw", "any echo4"]);
  assert.equal(errors.splice(0).length, 2);
});

withPage("packets that make no sense", {}, async ({ page, server }) => {
  const bad = ["9", "2", "2{", '2["connect"]', '51-["a",{"_placeholder":true,"num":3}]', "7", "50-[]", '2-["a"]', '3["a"]'];
  server.io.on("connection", (socket) => socket.on("bad", (i) => {
    socket.conn.write(bad[i]);
    if (bad[i].startsWith("51")) socket.conn.write(Buffer.from([1]));
  }));
  for (const transports of [["polling"], ["websocket"]]) {
    const seen = await page.evaluate(async ([count, transports]) => {
      const reasons = [];
      const socket = io({ transports, reconnectionDelay: 10, randomizationFactor: 0, forceNew: true });
      await next(socket, "connect");
      for (let i = 0; i < count; i++) {
        socket.emit("bad", i);
        reasons.push((await next(socket, "disconnect"))[0]);
        await next(socket, "connect");
      }
      return reasons;
    }, [bad.length, transports]);
    assert.deepEqual(seen, bad.map(() => "parse error"));
  }
});

withPage("the probe fails: all stays on polling", { onUpgrade: (socket) => socket.destroy() }, async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const socket = io();
    const failed = next(socket.io.engine, "upgradeError");
    await next(socket, "connect");
    const [error] = await failed;
    return [error.message, socket.io.engine.transport.name, await socket.emitWithAck("transport")];
  });
  assert.deepEqual(seen, ["probe error", "polling", "polling"]);
});

// The WebSocket comes late, so that the poll which is to be paused is one that waits.
const late = { pingInterval: 1000, onUpgrade: (socket, go) => setTimeout(go, 300) };
withPage("the WebSocket is lost in the middle of the upgrade: back to polling", late, async ({ page, server }) => {
  server.io.engine.on("connection", (engine) => engine.on("upgrading", (transport) => setImmediate(() => transport.socket.terminate())));
  const seen = await page.evaluate(async () => {
    const socket = io();
    let lost = 0;
    socket.on("disconnect", () => lost++);
    const failed = next(socket.io.engine, "upgradeError");
    const asked = [];
    socket.io.engine.on("upgrading", () => asked.push(socket.emitWithAck("echo", 1)));
    await next(socket, "connect");
    await failed;
    const answers = await Promise.all([...asked, socket.emitWithAck("echo", 2)]);
    await pause(2500);
    return [asked.length, answers, socket.io.engine.transport.name, lost, await socket.emitWithAck("echo", 3)];
  });
  assert.deepEqual(seen, [1, [1, 2], "polling", 0, 3]);
});

withPage("disconnect() in the middle of the upgrade; many connections at once", {}, async ({ page, server }) => {
  const got = [];
  // Not the event "last": npm's server drops it if DISCONNECT comes in the same turn.
  server.io.on("connection", ({ conn }) => conn.on("data", (data) => data.startsWith('2["last"') && got.push(data)));
  const seen = await page.evaluate(async () => {
    const states = [];
    for (const moment of ["upgrading", "upgrade"]) {
      for (let i = 0; i < 10; i++) {
        const socket = io({ forceNew: true });
        const { engine } = socket.io;
        const closed = next(engine, "close");
        engine.on(moment, () => {
          const leave = () => socket.emit("last", moment + i).disconnect();
          if (socket.connected) leave();
          else socket.on("connect", leave);
        });
        await closed;
        states.push(engine.readyState + socket.active);
      }
    }
    return states;
  });
  assert.deepEqual([...new Set(seen)], ["closedfalse"]);
  await until("all was said", () => got.length >= 20);
  await until("all have left", () => server.io.engine.clientsCount === 0);
  assert.equal(got.length, 20, String(got));
});

withPage("the page goes away quietly", { pingInterval: 20000 }, async ({ page, server }) => {
  for (const transport of ["polling", "websocket"]) {
    const gone = new Promise((resolve) => server.io.once("connection", (socket) => socket.once("disconnect", resolve)));
    await page.evaluate(async (transport) => {
      const socket = io({ transports: [transport] });
      await next(socket, "connect");
    }, transport);
    await page.goto("about:blank");
    assert.match(await gone, /transport (close|error)/);
    await page.goto(server.url);
    await page.evaluate(() => {
      globalThis.next = (target, event) => new Promise((resolve) => target.once(event, (...args) => resolve(args)));
    });
  }
});

test("in Node, with a full URL, and where the server has gone silent", { timeout: 60000 }, async (t) => {
  const server = await startServer({ pingInterval: 300, pingTimeout: 4000 });
  const sockets = [];
  t.after(() => {
    for (const socket of sockets) socket.disconnect();
    return server.close();
  });
  globalThis.WebSocket = WebSocket;
  await import(CLIENT.href);
  const nextOf = (target, event) => new Promise((resolve) => target.once(event, (...args) => resolve(args)));
  for (const transports of [["polling"], ["websocket"], undefined]) {
    const options = { ...(transports && { transports }), forceNew: true, reconnectionDelay: 20 };
    const socket = globalThis.io(server.url, options);
    sockets.push(socket);
    await nextOf(socket, "connect");
    assert.deepEqual(new Uint8Array(await socket.emitWithAck("echo", Buffer.from("hi"))), new Uint8Array([104, 105]));
    assert.equal(await socket.emitWithAck("echo", "hi"), "hi");
    for (const one of Object.values(server.io.engine.clients)) {
      one.schedulePing = () => {};
      clearTimeout(one.pingIntervalTimer);
      clearTimeout(one.pingTimeoutTimer);
    }
    assert.equal((await nextOf(socket, "disconnect"))[0], "ping timeout");
    await nextOf(socket, "connect");
    socket.disconnect();
  }
});
