// The contract of lesson 7 on npm's socket.io. The tests are checked against
// this server, so that what they ask of ours is what the official one does.

import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Server } from "socket.io";
import { manyAttachments } from "./support.mjs";

const { values } = parseArgs({
  options: {
    "port": { type: "string", default: "3000" },
    "ping-interval-ms": { type: "string", default: "25000" },
    "ping-timeout-ms": { type: "string", default: "20000" },
    "max-payload": { type: "string", default: "1000000" },
    "connect-timeout-ms": { type: "string", default: "45000" },
    "connection-state-recovery": { type: "boolean", default: false },
    "history": { type: "string" }, // this server forgets by time alone
    "allow-origin": { type: "string", multiple: true },
  },
});

const http = createServer((request, response) => {
  const known = request.url === "/7-socket-io/";
  response.writeHead(known ? 200 : 404, { "Content-Type": "text/html; charset=utf-8" });
  const icon = '<link rel="icon" href="data:,">';
  response.end(`<!doctype html>${icon}<title>Reference</title>${known ? "" : "Not found"}`);
});

const io = new Server(http, {
  pingInterval: Number(values["ping-interval-ms"]),
  pingTimeout: Number(values["ping-timeout-ms"]),
  maxHttpBufferSize: Number(values["max-payload"]),
  connectTimeout: Number(values["connect-timeout-ms"]),
  // On a busy machine, 200 at once may need longer than the 10 s of the default.
  upgradeTimeout: 60_000,
  parser: manyAttachments,
  ...(values["connection-state-recovery"] && { connectionStateRecovery: { skipMiddlewares: true } }),
  ...(values["allow-origin"] && { cors: { origin: values["allow-origin"] } }),
});

/** Answers with what came, if an answer is wanted. */
function acknowledge(...args) {
  if (typeof args.at(-1) === "function") args.pop()(...args);
}

/** What `/` and `/custom` have in common. */
function basics(socket) {
  socket.emit("auth", socket.handshake.auth);
  // An ack's function among them would make it an event that wants an ack.
  const plain = (args) => args.filter((arg) => typeof arg !== "function");
  socket.on("message", (...args) => socket.emit("message-back", ...plain(args)));
  socket.on("message-with-ack", acknowledge);
}

/** The room of those who have told their names, and are told who is here. */
const HERE = "who is here";

function here() {
  const all = [...io.of("/").sockets.values()].filter(({ data }) => data.name);
  io.to(HERE).emit("here", all.map(({ id, data }) => ({ id, name: data.name })), all.length);
}

io.on("connection", (socket) => {
  basics(socket);
  const rooms = () => [...socket.rooms].filter((room) => room !== socket.id && room !== HERE);
  socket.on("echo", acknowledge);
  socket.on("chat message", (what, ack) => {
    io.emit("chat message", what);
    ack?.({ id: "reference" });
  });
  socket.on("broadcast", (...args) => socket.broadcast.emit("broadcast", ...args));
  socket.on("chat message - client", (...args) => io.emit("chat message - server", ...args));
  socket.on("join room", (room, ack) => {
    socket.join(room);
    ack?.(rooms());
  });
  socket.on("leave room", (room, ack) => {
    socket.leave(room);
    ack?.(rooms());
  });
  socket.on("room message", ({ room, text: said }) => {
    io.to(room).emit("room message", { room, text: said, from: socket.id });
  });
  socket.on("name", (name) => {
    socket.data.name = name;
    socket.join(HERE);
    here();
  });
  socket.on("typing", () => {
    socket.broadcast.volatile.emit("typing", { id: socket.id, name: socket.data.name ?? "" });
  });
  socket.on("disconnect", here);
});

io.of("/custom").on("connection", basics);

io.of("/push").on("connection", (socket) => {
  const timer = setInterval(() => socket.emit("message", new Date().toISOString()), 2000);
  socket.on("disconnect", () => clearInterval(timer));
});

http.listen(Number(values.port), "127.0.0.1", () => {
  console.log(`http://localhost:${http.address().port}/7-socket-io/`);
});

process.on("SIGTERM", () => {
  io.close(() => process.exit(0));
  http.closeAllConnections();
});
