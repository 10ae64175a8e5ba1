// The mistakes of lesson 7 and their cures. Each function runs in this page, ends by itself, and closes what it opened.

const WRONG_SERVER = "/mistakes/socket-io/"; // src/apps/mistakes/socket_io.rs

/** Waits; throws when the reader presses Stop. */
function wait(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)));
  });
}

/** Waits for an event of a socket, for at most five seconds. */
async function next(socket, event, signal) {
  let came = false;
  socket.once(event, () => (came = true));
  socket.once("connect_error", (error) => (came = error));
  for (let waited = 0; !came; waited += 20) {
    if (waited > 5000) throw new Error(`no ${event} within five seconds`);
    await wait(20, signal);
  }
  if (came instanceof Error) throw came;
}

/** `open(namespace, options)` gives a connected socket on a WebSocket of its own. They are all closed at the end. */
async function withSockets(signal, work) {
  const sockets = [];
  const open = async (namespace, options) => {
    const socket = io(namespace, { forceNew: true, transports: ["websocket"], ...options });
    sockets.push(socket);
    await next(socket, "connect", signal);
    return socket;
  };
  try {
    await work(open);
  } finally {
    for (const socket of sockets) socket.disconnect();
  }
}

/** A page of its own, in a hidden iframe. `look(page)` sees its window. */
async function withPage(html, signal, look) {
  const frame = document.createElement("iframe");
  frame.className = "unseen";
  frame.title = "a small page, for a moment";
  frame.srcdoc = html;
  const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
  document.body.append(frame);
  try {
    await Promise.race([loaded, wait(5000, signal)]);
    look(frame.contentWindow);
  } finally {
    frame.remove();
  }
}

const randomName = () => Math.random().toString(36).slice(2, 10);

// ---- scr= ------------------------------------------------------------------------------------------------------------

// ANCHOR: script-scr-wrong
export async function scriptScrWrong(say, signal) {
  await withPage('<script scr="/socket.io/socket.io.js"></script>', signal, (page) => {
    say(`files that the page asked for: ${page.performance.getEntriesByType("resource").length}`);
    say(`io is ${typeof page.io}`);
  });
}
// ANCHOR_END: script-scr-wrong

// ANCHOR: script-scr-right
export async function scriptScrRight(say, signal) {
  await withPage('<script src="/socket.io/socket.io.js"></script>', signal, (page) => {
    say(`files that the page asked for: ${page.performance.getEntriesByType("resource").length}`);
    say(`io is ${typeof page.io}`);
  });
}
// ANCHOR_END: script-scr-right

// ---- broadcoast ------------------------------------------------------------------------------------------------------

/** Says what the browser's console is told while `work` runs. */
async function listeningToErrors(say, work) {
  const tell = (event) => say(`in the console: ${event.message}`);
  addEventListener("error", tell);
  try {
    await work();
  } finally {
    removeEventListener("error", tell);
  }
}

// ANCHOR: broadcoast-wrong
export async function broadcoastWrong(say, signal) {
  await withSockets(signal, async (open) => {
    const socket = await open("/custom");
    socket.on("message-back", () => socket.volatlie.emit("message", "again"));
    say("the listener with the mistake is in place; nobody complains");
    await wait(1500, signal);
    say("1.5 s later: still no error. Now an event comes");
    await listeningToErrors(say, async () => {
      socket.emit("message", "hi");
      await wait(1500, signal);
    });
  });
}
// ANCHOR_END: broadcoast-wrong

// ANCHOR: broadcoast-right
export async function broadcoastRight(say, signal) {
  await withSockets(signal, async (open) => {
    const socket = await open("/custom");
    socket.once("message-back", (text) => {
      say(`back came: ${text}`);
      socket.on("message-back", (second) => say(`back came: ${second}`));
      socket.volatile.emit("message", "again");
    });
    socket.emit("message", "hi");
    await wait(1500, signal);
  });
}
// ANCHOR_END: broadcoast-right

// ---- app,set ---------------------------------------------------------------------------------------------------------

// ANCHOR: comma-wrong
export async function commaWrong(say) {
  const app = new Map();
  try {
    app,set("port", 3000);
  } catch (error) {
    say(`only when the line runs: ${error.message}`);
  }
  {
    const set = (...args) => say(`another function called set was called, with ${args}`);
    app,set("port", 3000);
    say(`no error; and app's port is ${app.get("port")}`);
  }
}
// ANCHOR_END: comma-wrong

// ANCHOR: comma-right
export async function commaRight(say) {
  const app = new Map();
  app.set("port", 3000);
  say(`app's port is ${app.get("port")}`);
}
// ANCHOR_END: comma-right

// ---- broadcast leaves the sender out ---------------------------------------------------------------------------------

// ANCHOR: leaves-sender-out-wrong
export async function leavesSenderOutWrong(say, signal) {
  await withSockets(signal, async (open) => {
    const [ada, bob] = [await open("/"), await open("/")];
    const text = `hi from Ada ${randomName()}`;
    ada.on("broadcast", (heard) => heard === text && say("Ada's page shows it"));
    bob.on("broadcast", (heard) => heard === text && say("Bob's page shows it"));
    ada.emit("broadcast", text); // the server does socket.broadcast.emit
    await wait(1000, signal);
    say("a second later: that is all");
  });
}
// ANCHOR_END: leaves-sender-out-wrong

// ANCHOR: leaves-sender-out-right
export async function leavesSenderOutRight(say, signal) {
  await withSockets(signal, async (open) => {
    const [ada, bob] = [await open("/"), await open("/")];
    const text = `hi from Ada ${randomName()}`;
    ada.on("chat message - server", (heard) => heard === text && say("Ada's page shows it"));
    bob.on("chat message - server", (heard) => heard === text && say("Bob's page shows it"));
    ada.emit("chat message - client", text); // the server does io.emit
    await wait(1000, signal);
    say("a second later: that is all");
  });
}
// ANCHOR_END: leaves-sender-out-right

// ---- a timer for each socket -----------------------------------------------------------------------------------------

/** Opens 1, 2, 3 sockets, then closes one, and counts what comes in two seconds each time. */
async function countMessages(say, signal, open) {
  const sockets = [];
  let count = 0;
  const countTwoSeconds = async () => {
    await wait(300, signal);
    count = 0;
    await wait(2000, signal);
    say(`${sockets.length} open: ${count} messages in 2 s`);
  };
  for (let n = 1; n <= 3; n++) {
    const socket = await open();
    socket.on("message", () => count++);
    sockets.push(socket);
    await countTwoSeconds();
  }
  sockets.pop().disconnect();
  await countTwoSeconds();
}

// ANCHOR: timer-per-socket-wrong
export async function timerPerSocketWrong(say, signal) {
  await withSockets(signal, async (open) => {
    const auth = { everyone: randomName() };
    await countMessages(say, signal, () => open("/timers", { path: WRONG_SERVER, auth }));
  });
}
// ANCHOR_END: timer-per-socket-wrong

// ANCHOR: timer-per-socket-right
export async function timerPerSocketRight(say, signal) {
  await withSockets(signal, async (open) => {
    await countMessages(say, signal, () => open("/push"));
  });
}
// ANCHOR_END: timer-per-socket-right

// ---- a list that only grows ------------------------------------------------------------------------------------------

// ANCHOR: growing-list-wrong
export async function growingListWrong(say, signal) {
  await withSockets(signal, async (open) => {
    for (let n = 1; n <= 4; n++) {
      const socket = await open("/list", { path: WRONG_SERVER });
      const answer = await socket.emitWithAck("how many");
      say(`one comes; the server's list has ${answer["my list"]}; and it goes`);
      socket.disconnect();
      await wait(500, signal);
    }
  });
}
// ANCHOR_END: growing-list-wrong

// ANCHOR: growing-list-right
export async function growingListRight(say, signal) {
  await withSockets(signal, async (open) => {
    for (let n = 1; n <= 4; n++) {
      const socket = await open("/list", { path: WRONG_SERVER });
      const answer = await socket.emitWithAck("how many");
      say(`one comes; the library's list has ${answer.connected}; and it goes`);
      socket.disconnect();
      await wait(500, signal);
    }
  });
}
// ANCHOR_END: growing-list-right

// ---- the push is elsewhere -------------------------------------------------------------------------------------------

// ANCHOR: push-on-root-wrong
export async function pushOnRootWrong(say, signal) {
  await withSockets(signal, async (open) => {
    const socket = await open("/");
    socket.on("message", (time) => say(`message ${time}`));
    say("connected to /");
    await wait(4500, signal);
    say("4.5 s later: that is all");
  });
}
// ANCHOR_END: push-on-root-wrong

// ANCHOR: push-on-root-right
export async function pushOnRootRight(say, signal) {
  await withSockets(signal, async (open) => {
    const socket = await open("/push");
    socket.on("message", (time) => say(`message ${time}`));
    say("connected to /push");
    await wait(4500, signal);
    say("4.5 s later: that is all");
  });
}
// ANCHOR_END: push-on-root-right

// ---- an event's name -------------------------------------------------------------------------------------------------

// ANCHOR: event-name-wrong
export async function eventNameWrong(say, signal) {
  await withSockets(signal, async (open) => {
    const socket = await open("/");
    socket.emit("ehco", "hi", (answer) => say(`the answer: ${answer}`));
    say('emit "ehco": no error');
    await wait(3000, signal);
    say("3 s later: no answer, and still no error");
  });
}
// ANCHOR_END: event-name-wrong

// ANCHOR: event-name-right
export async function eventNameRight(say, signal) {
  await withSockets(signal, async (open) => {
    const socket = await open("/");
    for (const event of ["ehco", "echo"]) {
      socket.timeout(1500).emit(event, "hi", (error, answer) => say(`"${event}": ${error?.message ?? answer}`));
    }
    await wait(2000, signal);
  });
}
// ANCHOR_END: event-name-right

// ---- new WebSocket ---------------------------------------------------------------------------------------------------

// ANCHOR: bare-websocket-wrong
export async function bareWebsocketWrong(say, signal) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  for (const query of ["", "?EIO=4&transport=websocket"]) {
    const socket = new WebSocket(`${scheme}://${location.host}/socket.io/${query}`);
    socket.onopen = () => (say("open; now we say hello"), socket.send("hello"));
    socket.onmessage = (event) => say(`it says ${event.data}`);
    socket.onclose = (event) => say(`${query || "no query"}: closed, ${event.code} ${event.reason}`);
    await wait(1000, signal).finally(() => socket.close());
  }
}
// ANCHOR_END: bare-websocket-wrong

// ANCHOR: bare-websocket-right
export async function bareWebsocketRight(say, signal) {
  await withSockets(signal, async (open) => {
    const socket = await open("/");
    say(`connected; id ${socket.id}`);
    say(`it says ${await socket.emitWithAck("echo", "hello")}`);
  });
}
// ANCHOR_END: bare-websocket-right

// ---- connected is not complete ---------------------------------------------------------------------------------------

/** As if the network were gone for a moment. Meanwhile `friend` says two things. */
async function cut(socket, friend, name, signal) {
  const back = next(socket, "connect", signal);
  socket.io.engine.close();
  for (const text of ["first, while you were away", "second, while you were away"]) {
    await friend.emitWithAck("say", `${name}: ${text}`);
  }
  await back;
}

// ANCHOR: connected-not-complete-wrong
export async function connectedNotCompleteWrong(say, signal) {
  await withSockets(signal, async (open) => {
    const options = { path: WRONG_SERVER, reconnectionDelay: 1500 };
    const [socket, friend, name] = [await open("/said", options), await open("/said", options), randomName()];
    socket.on("said", (text) => text.startsWith(name) && say(`heard: ${text}`));
    await friend.emitWithAck("say", `${name}: before`);
    socket.on("connect", () => say("connected again, so all is well?"));

    await cut(socket, friend, name, signal);
    await wait(1000, signal);
    say("a second later: that is all. Two more things were said");
  });
}
// ANCHOR_END: connected-not-complete-wrong

// ANCHOR: connected-not-complete-right
export async function connectedNotCompleteRight(say, signal) {
  await withSockets(signal, async (open) => {
    const options = { path: WRONG_SERVER, reconnectionDelay: 1500 };
    const [socket, friend, name] = [await open("/said", options), await open("/said", options), randomName()];
    let last = 0; // the number of the last one that we heard
    socket.on("said", (text, number) => {
      last = number;
      if (text.startsWith(name)) say(`heard: ${text}`);
    });
    await friend.emitWithAck("say", `${name}: before`);
    socket.on("connect", async () => {
      say(`connected again; recovered ${socket.recovered}: what came after number ${last}?`);
      const missed = await socket.emitWithAck("after", last);
      for (const text of missed) if (text.startsWith(name)) say(`missed: ${text}`);
    });

    await cut(socket, friend, name, signal);
    await wait(1000, signal);
  });
}
// ANCHOR_END: connected-not-complete-right
