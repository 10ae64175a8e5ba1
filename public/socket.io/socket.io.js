// A small Socket.IO client: a subset of the official `socket.io-client` 4.8, written to be read.
//
// It speaks two protocols, one inside the other. Each has a number of its own:
//   Engine.IO 4 - the connection: which transport carries it, the pings, the change from one transport to another.
//   Socket.IO 5 - the meaning: events, acknowledgements ("acks"), namespaces.
//
// Read it from top to bottom. The parts stand in this order, and each knows nothing of the ones below it:
//   1. Emitter            on, once, off
//   2. Engine.IO codec    a packet <-> a text or bytes           "4hello" is a packet: type 4 (message), data "hello"
//   3. Transports         Polling and WebSocketTransport         they carry packets, and know not what is in them
//   4. Engine             one connection: open, ping, upgrade, close
//   5. Socket.IO codec    a packet <-> a text and its binary parts         2["chat","hello"]
//   6. Socket, Manager    a namespace; and what all namespaces of one server share: the Engine, and coming back
// Only Socket and Manager know each other. Last comes `io`, the one name that a page sees.

(() => {
  "use strict";

  // ---- 1. Emitter -------------------------------------------------------------------------------------------------

  /** Calls a function of the page. If it throws, the error goes to the console; our own work goes on. */
  function callSafely(fn, self, args) {
    try {
      fn.apply(self, args);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  class Emitter {
    #listeners = new Map();

    on(event, fn) {
      this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), fn]);
      return this;
    }

    once(event, fn) {
      const wrapper = (...args) => {
        this.off(event, wrapper);
        fn.apply(this, args);
      };
      wrapper.fn = fn; // so that `off` finds it
      return this.on(event, wrapper);
    }

    /** `off()` removes all, `off(event)` all of one event, `off(event, fn)` one. */
    off(event, fn) {
      const list = this.#listeners.get(event) ?? [];
      const found = list.find((item) => item === fn || item.fn === fn);
      if (event === undefined) this.#listeners.clear();
      else if (fn === undefined) this.#listeners.delete(event);
      else this.#listeners.set(event, list.filter((item) => item !== found));
      return this;
    }

    /** Tells the listeners. (It is not called `emit`: for a Socket, `emit` means "send".) */
    fire(event, ...args) {
      for (const fn of this.#listeners.get(event) ?? []) callSafely(fn, this, args);
    }
  }

  // ---- 2. The codec of Engine.IO ----------------------------------------------------------------------------------

  // The number of a packet's type is its place in this list.
  const ENGINE_TYPES = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
  const SEPARATOR = "\x1e"; // stands between the packets of one HTTP body

  const isBinary = (value) => value instanceof ArrayBuffer || ArrayBuffer.isView(value);
  const byteLength = (text) => new TextEncoder().encode(text).length;

  /** A binary message has no type number: on a WebSocket a binary frame is enough, in a text it is "b" and base64. */
  function encodePacket({ type, data }, binaryAllowed) {
    if (!isBinary(data)) return ENGINE_TYPES.indexOf(type) + (data ?? "");
    return binaryAllowed ? data : "b" + toBase64(data);
  }

  /** Never throws. What it cannot read becomes a packet of the type "error". */
  function decodePacket(frame) {
    if (typeof frame !== "string") return { type: "message", data: frame };
    try {
      if (frame[0] === "b") return { type: "message", data: fromBase64(frame.slice(1)) };
    } catch {
      return { type: "error", data: "bad base64" };
    }
    const type = /^[0-6]/.test(frame) ? ENGINE_TYPES[frame[0]] : "error";
    return frame.length > 1 ? { type, data: frame.slice(1) } : { type };
  }

  function toBase64(data) {
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);
    let text = "";
    // In slices: a call cannot have a million arguments.
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return btoa(text);
  }

  const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;

  // ---- 3. The transports ------------------------------------------------------------------------------------------
  // Both fire "open", "packet", "drain" (all was sent), "error", "close"; both have open, send, close and `writable`.
  // `url` is a function that gives the address. `send` takes as many packets as it can, and says how many.

  class Transport extends Emitter {
    query = {}; // the Engine puts our `sid` (session id) here
    writable = false;

    constructor(url) {
      super();
      this.url = url;
    }

    fail(message, description) {
      this.fire("error", Object.assign(new Error(message), { type: "TransportError", description }));
    }
  }

  /** HTTP long-polling: one GET always waits at the server for packets; a POST carries ours. */
  class Polling extends Transport {
    name = "polling";
    writable = true; // false while a POST is in flight: two could overtake each other
    maxPayload = Infinity; // in bytes; the server says it
    #paused = false;
    #closed = false;
    #gets = Promise.resolve(); // done when no GET is in flight
    #post = Promise.resolve(); // the same for the POST
    #abort = new AbortController();

    open() {
      this.#gets = this.#poll();
    }

    // ANCHOR: poll
    async #poll() {
      while (!this.#paused && !this.#closed) {
        const body = await this.#request("read", { signal: this.#abort.signal });
        for (const frame of body?.split(SEPARATOR) ?? []) {
          if (this.#closed) return;
          const packet = decodePacket(frame);
          if (packet.type === "close") this.#closed = true; // the server has forgotten us: no more requests
          this.fire("packet", packet);
        }
      }
    }
    // ANCHOR_END: poll

    send(packets) {
      const frames = [];
      let size = 0;
      for (const packet of packets) {
        const frame = encodePacket(packet, false);
        size += byteLength(frame) + SEPARATOR.length;
        if (frames.length > 0 && size > this.maxPayload) break; // the rest goes with the next POST
        frames.push(frame);
      }
      this.#post = this.#write(frames.join(SEPARATOR));
      return frames.length;
    }

    async #write(body) {
      this.writable = false;
      const answer = await this.#request("write", { method: "POST", body });
      this.writable = true;
      if (answer !== undefined && !this.#closed) this.fire("drain");
    }

    /** The body of the answer; undefined when the request failed. */
    async #request(what, options) {
      // Some caches keep a GET. An address that is never the same twice (`t`) is in no cache.
      const t = Date.now().toString(36) + Math.random().toString(36).slice(2, 6);
      const headers = options.body ? { "Content-Type": "text/plain;charset=UTF-8" } : {};
      try {
        const response = await fetch(this.url({ ...this.query, t }), { headers, ...options });
        if (response.ok) return await response.text();
        throw response.status;
      } catch (error) {
        if (this.#closed) return;
        this.#closed = true;
        this.#abort.abort();
        this.fail(`fetch ${what} error`, error);
      }
    }

    /** Waits for the requests in flight, so that none of their packets is lost. */
    async pause() {
      this.#paused = true;
      await Promise.all([this.#gets, this.#post]);
    }

    resume() {
      this.#paused = false;
      this.#gets = this.#gets.then(() => this.#poll());
    }

    close() {
      if (this.#closed) return;
      this.#closed = true;
      // Tell the server, or it waits for us until its own time-out. `keepalive`: also when the page is going away.
      const goodbye = { method: "POST", body: encodePacket({ type: "close" }), keepalive: true };
      const told = this.query.sid && this.writable ? this.#request("write", goodbye) : Promise.resolve();
      told.then(() => this.#abort.abort());
    }
  }

  class WebSocketTransport extends Transport {
    name = "websocket";
    #ws;

    open() {
      let ws;
      try {
        ws = this.#ws = new WebSocket(this.url(this.query).replace(/^http/, "ws"));
      } catch (error) {
        queueMicrotask(() => this.fail("websocket error", error)); // not at once: nobody listens yet
        return;
      }
      ws.binaryType = "arraybuffer";
      ws.onopen = () => {
        this.writable = true;
        this.fire("open");
      };
      ws.onmessage = (event) => this.fire("packet", decodePacket(event.data));
      ws.onerror = (event) => this.fail("websocket error", event);
      ws.onclose = (event) => this.fire("close", { description: "websocket connection closed", context: event });
    }

    send(packets) {
      for (const packet of packets) this.#ws.send(encodePacket(packet, true));
      return packets.length; // the browser keeps the order and a buffer of its own: no need for "drain"
    }

    close() {
      if (!this.#ws) return;
      this.#ws.onopen = this.#ws.onmessage = this.#ws.onclose = null;
      this.#ws.onerror = () => {};
      this.#ws.close();
    }
  }

  const TRANSPORTS = { polling: Polling, websocket: WebSocketTransport };

  // ---- 4. The engine ----------------------------------------------------------------------------------------------

  /** One connection. Fires "open", "packet", "packetCreate", "data", "ping", "upgrade", "error", "close"… */
  class Engine extends Emitter {
    id = null;
    transport = null;
    readyState = "opening"; // then "open", "closing" (some packets must still leave), "closed"
    writeBuffer = [];
    upgrading = false;
    #url;
    #options;
    #probed = null; // the transport that we would like to change to
    #pingTimer;
    #patience; // how long we live without a ping, in milliseconds
    #pageEvents = new AbortController();

    constructor(url, options) {
      super();
      this.#url = url;
      this.#options = options;
      const name = options.transports.find((name) => name in TRANSPORTS);
      if (!name) throw new TypeError("`transports` has no name that I know");
      this.#use(this.#create(name));
      this.transport.open();
      if (typeof document !== "undefined") this.#watchPage();
    }

    #create(name) {
      const transport = new TRANSPORTS[name]((query) => {
        const all = { ...this.#options.query, EIO: 4, transport: name, ...query };
        return `${this.#url}?${new URLSearchParams(all)}`;
      });
      if (this.id) transport.query.sid = this.id;
      return transport;
    }

    #use(transport) {
      this.transport?.off();
      this.transport = transport.off();
      transport.on("packet", (packet) => this.#onPacket(packet));
      transport.on("drain", () => this.flush());
      transport.on("error", (error) => this.#fail("transport error", error));
      transport.on("close", (details) => this.#onClose("transport close", details));
    }

    #onPacket(packet) {
      const { type, data } = packet;
      if (this.readyState === "closed") return;
      this.fire("packet", packet);
      if (type === "open") this.#onHandshake(data);
      else if (type === "error") this.#fail("parse error", new Error("the server sent a packet that I cannot read"));
      else if (type === "close") this.#onClose("transport close", { description: "transport closed by the server" });
      else if (type === "ping") {
        this.#write("pong");
        this.fire("ping");
        this.#expectPing();
      } else if (type === "message") {
        this.fire("data", data);
        this.fire("message", data);
      }
    }

    /** The first packet tells who we are, and the rules. */
    #onHandshake(text) {
      let hello;
      try {
        hello = JSON.parse(text);
        if (this.readyState !== "opening" || typeof hello.sid !== "string") throw new Error("bad open packet");
      } catch (error) {
        return this.#fail("parse error", error);
      }
      this.#patience = hello.pingInterval + hello.pingTimeout;
      this.id = this.transport.query.sid = hello.sid;
      this.transport.maxPayload = hello.maxPayload || Infinity;
      this.readyState = "open";
      this.#expectPing();
      this.fire("handshake", hello);
      this.fire("open");
      const { upgrade, transports } = this.#options;
      const better = hello.upgrades?.find((name) => name in TRANSPORTS && transports.includes(name));
      if (upgrade && better && this.readyState === "open") this.#probe(better);
    }

    /** The server pings every `pingInterval`. No ping: the line is dead, though nobody has told us. */
    #expectPing() {
      clearTimeout(this.#pingTimer);
      if (this.readyState === "closed") return;
      this.#pingTimer = setTimeout(() => this.#onClose("ping timeout"), this.#patience);
    }

    /** Tries a better transport next to the one in use: "2probe" goes out, "3probe" must come back. */
    #probe(name) {
      const transport = (this.#probed = this.#create(name));
      const fail = (error) => {
        if (this.#probed !== transport) return;
        this.#probed = null;
        transport.off().close();
        if (this.upgrading) this.transport.resume();
        this.upgrading = false;
        this.fire("upgradeError", error); // no harm done: all stays on the old transport
        this.flush();
      };
      // ANCHOR: change
      const change = async () => {
        this.upgrading = true; // from here on nothing is sent; it waits in the writeBuffer
        this.fire("upgrading", transport);
        // The server answers the waiting GET with a "noop" packet, so that this takes no time.
        await this.transport.pause();
        if (this.#probed !== transport) return;
        this.#probed = null;
        this.#use(transport);
        transport.send([{ type: "upgrade" }]);
        this.upgrading = false;
        this.fire("upgrade", transport);
        this.flush();
      };
      // ANCHOR_END: change
      transport.on("open", () => transport.send([{ type: "ping", data: "probe" }]));
      transport.on("packet", ({ type, data }) => {
        if (this.upgrading) return;
        if (type === "pong" && data === "probe") change();
        else fail(new Error("probe error"));
      });
      transport.on("error", (error) => fail(new Error("probe error", { cause: error })));
      transport.on("close", () => fail(new Error("probe error: transport closed")));
      transport.open();
    }

    /** Sends a message. */
    write(data) {
      this.#write("message", data);
    }

    #write(type, data) {
      if (this.readyState !== "open") return;
      const packet = { type, data };
      this.fire("packetCreate", packet);
      this.writeBuffer.push(packet);
      this.flush();
    }

    flush() {
      const talking = this.readyState === "open" || this.readyState === "closing";
      if (!talking || this.upgrading || !this.transport.writable) return;
      if (this.writeBuffer.length > 0) {
        this.writeBuffer.splice(0, this.transport.send(this.writeBuffer));
        this.fire("flush");
      }
      if (this.writeBuffer.length > 0 || !this.transport.writable) return;
      this.fire("drain");
      if (this.readyState === "closing") this.#onClose("forced close");
    }

    /** Closes when all that waits has been sent. */
    close() {
      if (this.readyState === "opening") this.#onClose("forced close");
      if (this.readyState !== "open") return;
      this.readyState = "closing";
      this.flush();
    }

    #fail(reason, error) {
      this.fire("error", error);
      this.#onClose(reason, error);
    }

    #onClose(reason, details) {
      if (this.readyState === "closed") return;
      this.readyState = "closed";
      this.#hangUp();
      this.#pageEvents.abort();
      this.id = null;
      this.writeBuffer = [];
      this.fire("close", reason, details);
    }

    #hangUp() {
      clearTimeout(this.#pingTimer);
      this.transport.off().close();
      this.#probed?.off().close();
      this.#probed = null; // a change() that is waiting sees this, and gives up
    }

    /** A page that goes away hangs up, and fires nothing. The "back" button may bring it back to life. */
    #watchPage() {
      const { signal } = this.#pageEvents;
      addEventListener("pagehide", () => this.#hangUp(), { signal });
      addEventListener("pageshow", (event) => event.persisted && this.#onClose("transport close"), { signal });
    }
  }

  // ---- 5. The codec of Socket.IO ----------------------------------------------------------------------------------
  // 2/chat,7["hello",1]  is: type 2 (event), namespace "/chat", number 7 (the sender wants an ack), then JSON.
  // 51-["file",{"_placeholder":true,"num":0}]  is: type 5 (binary event), 1 attachment, that comes as the next message.

  const CONNECT = 0;
  const DISCONNECT = 1;
  const EVENT = 2;
  const ACK = 3;
  const CONNECT_ERROR = 4;
  const BINARY = 3; // added to EVENT or ACK when there are attachments

  // The client itself tells a page of these. Nobody may send them.
  const RESERVED = "connect connect_error disconnect disconnecting newListener removeListener".split(" ");

  /** Gives the messages that make up one packet: a text, and then the attachments. */
  function encodeSocketPacket({ type, namespace, id = "", data }) {
    const attachments = [];
    const json = JSON.stringify(data, function (key, value) {
      const original = this[key]; // `value` may have gone through its toJSON already
      if (typeof Blob !== "undefined" && original instanceof Blob) {
        throw new TypeError("a Blob cannot be sent: send `await blob.arrayBuffer()`");
      }
      return isBinary(original) ? { _placeholder: true, num: attachments.push(original) - 1 } : value;
    });
    const head = attachments.length > 0 ? `${type + BINARY}${attachments.length}-` : `${type}`;
    return [head + (namespace === "/" ? "" : `${namespace},`) + id + (json ?? ""), ...attachments];
  }

  class Decoder {
    #waiting = null; // a packet whose attachments are not all here
    #attachments = [];

    /** Takes a message. Gives the packet when it is whole, else null. Throws when it makes no sense. */
    add(message) {
      if (typeof message === "string") {
        if (this.#waiting) throw new Error("a text, where an attachment must come");
        const match = /^([0-6])(?:(\d+)-)?(?:(\/[^,]*),?)?(\d*)(.*)$/s.exec(message);
        if (!match) throw new Error("not a Socket.IO packet");
        const [, type, count, namespace = "/", id, json] = match;
        this.#waiting = { type: Number(type), count: Number(count ?? 0), namespace, id: id && Number(id), json };
        if (this.#waiting.type > CONNECT_ERROR !== this.#waiting.count > 0) throw new Error("illegal attachments");
      } else {
        if (!this.#waiting) throw new Error("an attachment of no packet");
        this.#attachments.push(message);
      }
      return this.#waiting.count === this.#attachments.length ? this.#finish() : null;
    }

    #finish() {
      const { type, count, namespace, id, json } = this.#waiting;
      const attachments = this.#attachments;
      this.#waiting = null;
      this.#attachments = [];
      const fill = (key, value) => {
        if (value?._placeholder !== true) return value;
        if (!(value.num in attachments)) throw new Error("illegal attachments");
        return attachments[value.num];
      };
      const data = json === "" ? undefined : JSON.parse(json, count > 0 ? fill : undefined);
      const packet = { type: count > 0 ? type - BINARY : type, namespace, id, data };
      if (!isValid(packet)) throw new Error("invalid payload");
      return packet;
    }
  }

  const isName = (name) => typeof name === "number" || (typeof name === "string" && !RESERVED.includes(name));

  function isValid({ type, id, data }) {
    if (type === DISCONNECT) return data === undefined;
    if (type === ACK) return Array.isArray(data) && id !== "";
    if (type === EVENT) return Array.isArray(data) && isName(data[0]);
    return typeof data === "object" && data !== null && (type === CONNECT_ERROR || typeof data.sid === "string");
  }

  // ---- 6. Socket and Manager --------------------------------------------------------------------------------------

  /** What a page holds: one namespace. */
  class Socket extends Emitter {
    id = undefined; // given by the server, new after each connection
    connected = false;
    recovered = false; // true: the server had kept our place, and sent what we missed
    active = false; // true: connected, or trying to be
    #namespace;
    #flags = {}; // set by `timeout` and `volatile`, for the next emit only
    #anyListeners = [];
    #sendBuffer = []; // emitted before the connection
    #receiveBuffer = []; // arrived before the answer to our CONNECT
    #acks = new Map(); // number of the packet -> {fn, withError, timer}
    #nextAckId = 0;
    #pid; // our private id, if the server can recover a lost connection
    #offset; // where we are in the stream of events: the server puts it last in each

    constructor(manager, namespace, options = {}) {
      super();
      this.io = manager;
      this.#namespace = namespace;
      this.auth = options.auth;
      if (manager.options.autoConnect) this.connect();
    }

    get disconnected() {
      return !this.connected;
    }

    get volatile() {
      this.#flags.volatile = true;
      return this;
    }

    timeout(milliseconds) {
      this.#flags.timeout = milliseconds;
      return this;
    }

    onAny(fn) {
      this.#anyListeners.push(fn);
      return this;
    }

    connect() {
      if (this.connected) return this;
      const wasActive = this.active;
      this.active = true;
      // A Manager that is already open will not fire "open" for us.
      if (this.io.readyState === "open") wasActive || this.onOpen();
      else if (!this.io.reconnecting) this.io.open();
      return this;
    }

    open() {
      return this.connect();
    }

    disconnect() {
      if (this.connected) this.#send({ type: DISCONNECT });
      this.#leave();
      if (this.connected) this.onClose("io client disconnect");
      return this;
    }

    close() {
      return this.disconnect();
    }

    #leave() {
      this.active = false;
      this.io.closeIfUnused();
    }

    // What goes out.

    send(...args) {
      return this.emit("message", ...args);
    }

    emit(event, ...args) {
      const { timeout, volatile, withError = timeout !== undefined } = this.#flags;
      this.#flags = {};
      if (RESERVED.includes(event)) throw new Error(`"${event}" is a reserved event name`);
      const ack = typeof args.at(-1) === "function" ? args.pop() : null;
      const id = ack ? this.#nextAckId++ : undefined;
      // Encoded now: an error comes to the caller, and a later change of `args` changes nothing.
      const messages = this.#encode({ type: EVENT, id, data: [event, ...args] });
      if (ack) {
        const timer = timeout === undefined ? undefined : setTimeout(() => this.#giveUp(id), timeout);
        this.#acks.set(id, { fn: ack, withError, timer });
      }
      if (this.connected && !(volatile && !this.io.engine.transport.writable)) this.io.write(messages);
      else if (!volatile) this.#sendBuffer.push({ id, messages });
      return this;
    }

    emitWithAck(event, ...args) {
      return new Promise((resolve, reject) => {
        this.#flags.withError = true;
        this.emit(event, ...args, (error, answer) => (error ? reject(error) : resolve(answer)));
      });
    }

    #encode(packet) {
      return encodeSocketPacket({ ...packet, namespace: this.#namespace });
    }

    #send(packet) {
      this.io.write(this.#encode(packet));
    }

    /** Calls the page's ack function, once. Only one that waits for errors gets `error` first. */
    #settle(id, error, answers) {
      const ack = this.#acks.get(id);
      if (!ack) return;
      this.#acks.delete(id);
      clearTimeout(ack.timer);
      if (ack.withError) callSafely(ack.fn, this, [error, ...answers]);
      else if (!error) callSafely(ack.fn, this, answers);
    }

    #giveUp(id) {
      this.#sendBuffer = this.#sendBuffer.filter((item) => item.id !== id);
      this.#settle(id, new Error("operation has timed out"), []);
    }

    // What comes in. The Manager calls these.

    /** The engine is open: ask for our namespace. */
    onOpen() {
      const { engine } = this.io;
      const ask = (auth) => {
        if (!this.active || engine !== this.io.engine) return; // `auth` took so long that the connection is gone
        const place = this.#pid && { pid: this.#pid, offset: this.#offset };
        this.#send({ type: CONNECT, data: place || auth ? { ...place, ...auth } : undefined });
      };
      if (typeof this.auth === "function") callSafely(this.auth, this, [ask]);
      else ask(this.auth);
    }

    onPacket(packet) {
      if (packet.type === CONNECT) {
        this.#onConnect(packet.data);
      } else if (packet.type === EVENT) {
        if (this.connected) this.#deliver(packet);
        else this.#receiveBuffer.push(packet);
      } else if (packet.type === ACK) {
        this.#settle(packet.id, null, packet.data);
      } else if (packet.type === DISCONNECT) {
        this.#leave();
        this.onClose("io server disconnect");
      } else if (packet.type === CONNECT_ERROR) {
        this.#leave();
        const { message, data } = packet.data;
        this.fire("connect_error", Object.assign(new Error(message), { data }));
      }
    }

    #onConnect({ sid, pid }) {
      this.id = sid;
      this.recovered = pid !== undefined && pid === this.#pid;
      this.#pid = pid;
      this.connected = true;
      for (const packet of this.#receiveBuffer.splice(0)) this.#deliver(packet);
      for (const { messages } of this.#sendBuffer.splice(0)) this.io.write(messages);
      this.fire("connect");
    }

    #deliver({ id, data }) {
      const args = id === "" ? data : [...data, this.#answer(id)];
      for (const fn of [...this.#anyListeners]) callSafely(fn, this, args);
      this.fire(...args);
      if (this.#pid && typeof args.at(-1) === "string") this.#offset = args.at(-1);
    }

    /** The function with which a listener answers the server. */
    #answer(id) {
      const { id: session } = this;
      let done = false;
      return (...data) => {
        if (done || session !== this.id) return; // the next session has other numbers
        done = true;
        this.#send({ type: ACK, id, data });
      };
    }

    onError(error) {
      if (!this.connected) this.fire("connect_error", error);
    }

    onClose(reason, details) {
      this.connected = false;
      this.id = undefined;
      this.fire("disconnect", reason, details);
      // No answer can come now, except to what was not sent yet.
      for (const id of [...this.#acks.keys()]) {
        const unsent = this.#sendBuffer.some((item) => item.id === id);
        if (!unsent) this.#settle(id, new Error("socket has been disconnected"), []);
      }
    }
  }

  /** One server: its Engine, its namespaces, and coming back after a loss. */
  class Manager extends Emitter {
    engine = undefined;
    readyState = "closed"; // "opening", "open"
    reconnecting = false;
    #url;
    #sockets = new Map();
    #decoder;
    #attempts = 0;
    #stopped = false; // true: closed on purpose, do not come back
    #timer; // of the wait before an attempt, or of the attempt itself

    constructor(url, options) {
      super();
      this.#url = url;
      this.options = options;
      if (options.autoConnect) this.open();
    }

    socket(namespace, options) {
      let socket = this.#sockets.get(namespace);
      if (!socket) this.#sockets.set(namespace, (socket = new Socket(this, namespace, options)));
      else if (this.options.autoConnect && !socket.active) socket.connect();
      return socket;
    }

    has(namespace) {
      return this.#sockets.has(namespace);
    }

    #active() {
      return [...this.#sockets.values()].filter((socket) => socket.active);
    }

    /** `done(error?)` is called once, when the attempt has ended. */
    open(done) {
      if (this.readyState !== "closed") return this;
      const engine = (this.engine = new Engine(this.#url, this.options));
      this.readyState = "opening";
      this.#stopped = false;
      this.#decoder = new Decoder();
      // An engine that we gave up may still speak. We do not listen.
      const on = (event, fn) =>
        engine.on(event, (...args) => engine === this.engine && this.readyState !== "closed" && fn(...args));

      const failed = (error) => {
        clearTimeout(this.#timer);
        this.readyState = "closed";
        this.#onError(error);
        if (done) done(error);
        else if (this.options.reconnection && this.#attempts === 0) this.#reconnect();
      };
      on("open", () => {
        clearTimeout(this.#timer);
        this.readyState = "open";
        for (const socket of this.#active()) socket.onOpen();
        this.fire("open");
        done?.();
      });
      on("error", (error) => (this.readyState === "opening" ? failed(error) : this.#onError(error)));
      on("close", (reason, details) =>
        this.readyState === "opening" ? failed(new Error(reason, { cause: details })) : this.#onClose(reason, details),
      );
      on("ping", () => this.fire("ping"));
      on("data", (message) => this.#onData(message));
      if (this.options.timeout !== false) {
        this.#timer = setTimeout(() => {
          failed(new Error("timeout"));
          engine.close();
        }, this.options.timeout);
      }
      return this;
    }

    write(messages) {
      if (this.readyState === "open") for (const message of messages) this.engine.write(message);
    }

    #onData(message) {
      let packet;
      try {
        packet = this.#decoder.add(message);
      } catch (error) {
        return this.#onClose("parse error", error);
      }
      const socket = this.#sockets.get(packet?.namespace);
      if (socket?.active) socket.onPacket(packet);
    }

    #onError(error) {
      for (const socket of this.#active()) socket.onError(error);
      this.fire("error", error);
    }

    closeIfUnused() {
      if (this.#active().length > 0) return;
      this.#stopped = true;
      this.reconnecting = false;
      this.#onClose("forced close");
    }

    #onClose(reason, details) {
      clearTimeout(this.#timer);
      this.readyState = "closed";
      this.engine?.close();
      this.#attempts = 0;
      for (const socket of this.#active()) socket.onClose(reason, details);
      this.fire("close", reason, details);
      if (this.options.reconnection) this.#reconnect();
    }

    /** Each wait is twice as long as the one before, up to a limit. Chance keeps all clients from coming at once. */
    // ANCHOR: delay
    #nextDelay() {
      const { reconnectionDelay, reconnectionDelayMax, randomizationFactor } = this.options;
      const delay = reconnectionDelay * 2 ** this.#attempts++;
      const random = Math.random();
      const deviation = Math.floor(random * randomizationFactor * delay);
      const jittered = Math.floor(random * 10) % 2 === 0 ? delay - deviation : delay + deviation;
      return Math.trunc(Math.min(jittered, reconnectionDelayMax));
    }
    // ANCHOR_END: delay

    #reconnect() {
      if (this.reconnecting || this.#stopped) return;
      if (this.#attempts >= this.options.reconnectionAttempts) {
        this.#attempts = 0;
        this.fire("reconnect_failed");
        return;
      }
      this.reconnecting = true;
      this.#timer = setTimeout(() => {
        this.fire("reconnect_attempt", this.#attempts);
        if (this.#stopped) return; // a listener has just called disconnect()
        this.open((error) => {
          const attempt = this.#attempts;
          this.reconnecting = false;
          if (error) {
            this.#reconnect();
            this.fire("reconnect_error", error);
          } else {
            this.#attempts = 0;
            this.fire("reconnect", attempt);
          }
        });
      }, this.#nextDelay());
    }
  }

  // ---- io ---------------------------------------------------------------------------------------------------------

  const DEFAULTS = {
    path: "/socket.io/",
    transports: ["polling", "websocket"],
    upgrade: true,
    autoConnect: true,
    reconnection: true,
    reconnectionAttempts: Infinity,
    reconnectionDelay: 1000,
    reconnectionDelayMax: 5000,
    randomizationFactor: 0.5,
    timeout: 20000,
  };

  const managers = new Map(); // address -> the Manager that its namespaces share

  /** `io()`, `io("/namespace")`, `io("https://example.org/namespace")`, each with options; or `io(options)`. */
  function io(address = "/", options = {}) {
    if (typeof address === "object") [address, options] = ["/", address];
    if (!/^(\w+:)?\//.test(address)) address = `//${address}`; // "localhost:3000"
    const url = new URL(address, globalThis.location?.href ?? "https://localhost");
    const namespace = url.pathname;
    const path = (options.path ?? DEFAULTS.path).replace(/\/?$/, "/");
    const server = url.origin.replace(/^ws/, "http") + path;
    const shared = managers.get(server);
    if (shared && !options.forceNew && !shared.has(namespace)) return shared.socket(namespace, options);

    const query = options.query ?? Object.fromEntries(url.searchParams);
    const manager = new Manager(server, { ...DEFAULTS, ...options, query });
    if (!shared && !options.forceNew) managers.set(server, manager);
    return manager.socket(namespace, options);
  }

  io.connect = io;
  globalThis.io = io;
})();
