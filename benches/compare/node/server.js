// The same URLs by Node.js' own http, ws and socket.io, as somebody would write them who
// knows all three well: each message's bytes are made once for each technique.
//
// `node server.js PORT`

import { createServer } from "node:http";
import { Server } from "socket.io";
import { WebSocketServer } from "ws";

/** How many messages are kept for polls. */
const HISTORY = 16_384;

const history = [];
const streams = new Set();
const eventSources = new Set();
const webSockets = new Set();
/** The responses that long polls wait for. */
let waiting = new Set();
let published = 0;

const id = (number) => `node-${number}`;

/** The answer to a poll. */
const answer = (messages) =>
  Buffer.from(`{"messages":[${messages.join(",")}],"last_id":"${id(published)}"}`);

/** What a client with this cursor has not seen; nothing without a cursor. */
function after(cursor) {
  const number = Number(cursor?.split("-").at(-1));
  const fresh = Number.isInteger(number) ? published - number : 0;
  return fresh > 0 ? history.slice(-fresh) : [];
}

function json(response, body) {
  response.writeHead(200, {
    "Content-Type": "application/json",
    "Content-Length": body.length,
    "Last-Event-ID": id(published),
  });
  response.end(body);
}

function publish({ data }) {
  published += 1;
  const message = JSON.stringify({
    id: id(published), topic: "chat", event: "message", data, published_ms: Date.now(),
  });
  history.push(message);
  if (history.length > HISTORY) history.shift();

  const line = Buffer.from(`${message}\n`);
  for (const response of streams) response.write(line);
  const event = Buffer.from(`id: ${id(published)}\ndata: ${message}\n\n`);
  for (const response of eventSources) response.write(event);
  const frame = Buffer.from(message);
  for (const socket of webSockets) socket.send(frame, { binary: false });
  const body = answer([message]);
  const polls = waiting;
  waiting = new Set();
  for (const response of polls) json(response, body);
  io.emit("chat message", data);
}

function read(request, then) {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => then(Buffer.concat(pieces)));
}

function hold(response, set, contentType) {
  response.writeHead(200, { "Content-Type": contentType, "Cache-Control": "no-store" });
  response.flushHeaders();
  set.add(response);
  response.on("close", () => set.delete(response));
}

function longPoll(response, query) {
  const missed = after(query.get("after"));
  if (missed.length > 0) return json(response, answer(missed));
  waiting.add(response);
  const seconds = Math.min(Number(query.get("wait") ?? 25), 60);
  const timer = setTimeout(() => {
    waiting.delete(response);
    response.writeHead(204, { "Last-Event-ID": id(published) }).end();
  }, seconds * 1000);
  response.on("close", () => {
    clearTimeout(timer);
    waiting.delete(response);
  });
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  switch (`${request.method} ${pathname}`) {
    case "POST /publish":
      return read(request, (body) => {
        publish(JSON.parse(body));
        json(response, Buffer.from(JSON.stringify({ id: id(published) })));
      });
    case "GET /short-polling/messages":
      return json(response, answer(after(searchParams.get("after"))));
    case "GET /long-polling/messages":
      return longPoll(response, searchParams);
    case "GET /comet/stream":
      return hold(response, streams, "application/x-ndjson");
    case "GET /sse/stream":
      return hold(response, eventSources, "text/event-stream");
    default:
      response.writeHead(404).end();
  }
});
// A poll's connection is kept while a crowd of others is answered.
server.keepAliveTimeout = 120_000;

// Its own defaults for frames: no compression of what is short.
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
sockets.on("connection", (socket) => {
  webSockets.add(socket);
  socket.on("close", () => webSockets.delete(socket));
  socket.on("error", () => socket.terminate());
});
const io = new Server(server, { serveClient: false });
server.on("upgrade", (request, socket, head) => {
  if (!request.url.startsWith("/websocket/socket")) return;
  sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit("connection", ws, request));
});

server.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 }, () => {
  console.log(`node: http://127.0.0.1:${server.address().port}`);
});
