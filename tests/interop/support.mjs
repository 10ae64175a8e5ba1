// What the tests share. Nothing here waits for a fixed time: all waits are for a
// condition, and have a deadline.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { io } from "socket.io-client";
import { WebSocket } from "ws";
import * as parser from "socket.io-parser";
import { Server, isReference } from "./server.mjs";

/** How long a test waits for something that must come. */
export const SOON = 20_000;

/** The ways a client can go; `undefined` leaves the client its defaults. */
export const WAYS = [
  { way: "polling, then upgrade", transports: undefined, ends: "websocket" },
  { way: "polling only", transports: ["polling"], ends: "polling" },
  { way: "WebSocket only", transports: ["websocket"], ends: "websocket" },
];

/** The official parser, without its limit of 10 attachments when it decodes. */
export const manyAttachments = {
  ...parser,
  Decoder: class extends parser.Decoder {
    constructor() {
      super({ maxAttachments: 1000 });
    }
  },
};

/** Starts a server; when the test ends, its clients and then the server end. */
export async function start(t, ...options) {
  const server = new Server(options);
  const clients = [];
  t.after(async () => {
    // The manager too: it may serve more namespaces than this one.
    for (const client of clients) client.disconnect().io._close();
    if (server.port) await server.kill();
  });
  /** A client that connects now, on a connection of its own. */
  server.client = ({ namespace = "/", ...more } = {}) => {
    const client = io(server.origin + namespace, { forceNew: true, reconnectionDelay: 100, ...more });
    clients.push(client);
    return client;
  };
  return server.start();
}

/** A WebSocket that knows nothing of Socket.IO; what came is in `packets`. */
export function bare(t, server) {
  const url = `${server.origin.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`;
  const socket = new WebSocket(url);
  t.after(() => socket.terminate());
  socket.packets = [];
  socket.on("message", (data) => socket.packets.push(data.toString()));
  return socket;
}

/** Waits until `condition` gives something true, and gives that back. */
export async function until(what, condition, limit = SOON) {
  const end = Date.now() + limit;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) assert.fail(`not within ${limit} ms: ${what}`);
    await pause(5);
  }
}

/** Waits for one event, and gives its arguments. */
export function next(emitter, event, limit = SOON) {
  return new Promise((done, fail) => {
    const late = setTimeout(() => {
      emitter.off(event, came);
      fail(new Error(`not within ${limit} ms: "${event}"`));
    }, limit);
    const came = (...args) => {
      clearTimeout(late);
      done(args);
    };
    emitter.once(event, came);
  });
}

/** Waits until all these clients are connected. */
export async function connected(...clients) {
  await Promise.all(clients.map((client) => client.connected || next(client, "connect")));
}

/** Waits until the client has gone over to WebSocket. */
export async function upgraded(client) {
  await until("the upgrade", () => client.io.engine.transport.name === "websocket");
}

/** Connected, and on the transport that this way ends on. */
export async function settled(client, ends = "websocket") {
  await connected(client);
  if (ends === "websocket") await upgraded(client);
}

/** Emits with an ack, and gives the arguments of the ack. */
export function ask(client, ...args) {
  return new Promise((done, fail) => {
    client.timeout(SOON).emit(...args, (error, ...answer) => {
      if (error) fail(new Error(`"${args[0]}": ${error.message}`));
      else done(answer);
    });
  });
}

/** The arguments of each such event that comes from now on. */
export function gather(client, event) {
  const all = [];
  client.on(event, (...args) => all.push(args));
  return all;
}

/** Waits until `list` has `count` items, for as long as more come; that no more come then is the caller's to check. */
export async function has(list, count, limit = SOON) {
  let had = list.length;
  let end = Date.now() + limit;
  while (list.length < count) {
    if (list.length > had) {
      had = list.length;
      end = Date.now() + limit;
    }
    if (Date.now() > end) assert.fail(`after ${had} of ${count} none came for ${limit} ms`);
    await pause(5);
  }
}

/** 0, 1, 2 … n - 1 */
export const numbers = (n) => Array.from({ length: n }, (_, i) => i);

/** Whether the last list that `here` told has someone with this id. */
const lists = (here, id) => Boolean(here.at(-1)?.[0].some((one) => one.id === id));

/** Gives the client a name, and waits until `here`, of a watcher with a name, tells of it. */
export async function introduce(client, here) {
  client.emit("name", `client ${client.id}`);
  await until("here tells of the client", () => lists(here, client.id));
}

/** Waits until the server has noticed that an introduced client has gone. */
export async function isGone(here, id) {
  await until("here tells that the client has gone", () => !lists(here, id));
}

/** Checks that our own server holds no connection any more; the asker's own may count. */
export async function isIdle(server) {
  if (isReference) return;
  let last;
  try {
    await until("an idle server", async () => (last = await server.health()).connections <= 1);
  } catch (error) {
    error.message += `: ${JSON.stringify(last)}`;
    throw error;
  }
}

export { isReference, pause };
