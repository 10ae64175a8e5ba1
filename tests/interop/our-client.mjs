// npm's server in this process, and pages on it that load our own client.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { Server } from "socket.io";
import { launch } from "./browser.mjs";

export const CLIENT = new URL(process.env.CLIENT ?? "../../public/socket.io/socket.io.js", import.meta.url);

const PAGE = `<!doctype html><title>t</title><script src="/socket.io/socket.io.js"></script>`;

/** npm's server, which counts what a client may never do. */
export async function startServer({ onUpgrade, ...options } = {}, port = 0) {
  const http = createServer((request, response) => {
    if (request.url === "/") {
      response.setHeader("Content-Type", "text/html");
      response.setHeader("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src 'self' ws:");
      response.end(PAGE);
    } else {
      response.statusCode = 404;
      response.end();
    }
  });
  const io = new Server(http, { serveClient: false, ...options });
  // The server takes each path that begins with /socket.io/; our file must come before it.
  const listeners = http.listeners("request");
  http.removeAllListeners("request");
  http.on("request", (request, response) => {
    if (request.url !== "/socket.io/socket.io.js") return listeners.forEach((fn) => fn.call(http, request, response));
    response.setHeader("Content-Type", "text/javascript");
    response.end(readFileSync(CLIENT));
  });
  // `onUpgrade(socket, go)` may delay or refuse the WebSocket.
  const upgrades = http.listeners("upgrade");
  http.removeAllListeners("upgrade");
  http.on("upgrade", (request, socket, head) => {
    const go = () => upgrades.forEach((fn) => fn.call(http, request, socket, head));
    if (onUpgrade) onUpgrade(socket, go);
    else go();
  });
  const server = { io, http, gets: 0, posts: 0, overlaps: 0, noStamp: 0 };
  // Count what the client may never do: two GETs or two POSTs of one session at once.
  const flying = new Map();
  io.engine.use((req, res, next) => {
    const query = new URL(req.url, "http://x").searchParams;
    if (query.get("transport") === "polling" && res.once) {
      if (!query.get("t")) server.noStamp++;
      const key = req.method + query.get("sid");
      const n = (flying.get(key) ?? 0) + 1;
      if (query.get("sid") && n > 1) server.overlaps++;
      flying.set(key, n);
      if (req.method === "POST") server.posts++;
      else server.gets++;
      res.once("close", () => flying.set(key, flying.get(key) - 1));
    }
    next();
  });
  io.on("connection", (socket) => {
    socket.on("echo", (...args) => {
      const ack = args.at(-1);
      if (typeof ack === "function") ack(...args.slice(0, -1));
      else socket.emit("echo", ...args);
    });
    socket.on("never", () => {});
    socket.on("size", (data, ack) => ack(data.length ?? data.byteLength, Buffer.isBuffer(data)));
    socket.on("ask me", (question, ack) => socket.timeout(20000).emit("question", question, (err, ...answers) => ack(err ? String(err) : answers)));
    socket.on("kick", () => socket.disconnect());
    socket.on("kick all", () => socket.disconnect(true));
    socket.on("transport", (ack) => ack(socket.conn.transport.name));
  });
  await new Promise((resolve) => http.listen(port, "127.0.0.1", resolve));
  server.port = http.address().port;
  server.url = `http://127.0.0.1:${server.port}/`;
  server.close = () => new Promise((resolve) => {
    io.close(() => resolve());
    http.closeAllConnections();
  });
  return server;
}

let browser;

/** The browser of this file. */
export const newPage = () => browser.newPage();

before(async () => (browser = await launch()));
after(() => browser?.close());

/** A server, a page on it, and no error in the page's console at the end. */
export function withPage(name, options, run) {
  test(name, { timeout: 60000 }, async () => {
    const server = await startServer(options);
    const page = await browser.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    try {
      await page.goto(server.url);
      await page.evaluate(() => {
        globalThis.next = (target, event, ms = 20000) =>
          new Promise((resolve, reject) => {
            setTimeout(() => reject(new Error("no " + event)), ms);
            target.once(event, (...args) => resolve(args));
          });
        globalThis.pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      });
      await run({ page, server, errors });
      assert.equal(server.overlaps, 0, "no two GETs or POSTs at once");
      assert.equal(server.noStamp, 0, "each polling URL has t=");
      assert.deepEqual(errors, []);
    } finally {
      await page.close();
      await server.close();
    }
  });
}
