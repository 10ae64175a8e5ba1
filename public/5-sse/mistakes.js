// The mistakes of lesson 5, to be run in the page, each with the right way beside it.

/** Waits, or throws when the reader stops it. */
const wait = (milliseconds, signal) =>
  new Promise((done, stopped) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      stopped(signal.reason);
    });
  });

/** Waits for the next event of this name, or throws when the reader stops it. */
const next = (source, name, signal) =>
  new Promise((done, stopped) => {
    source.addEventListener(name, done, { once: true });
    signal.addEventListener("abort", () => stopped(signal.reason));
  });

/** Lets the source live so long, or until the reader stops it. Then it closes it. */
async function live(milliseconds, signal, source) {
  try {
    await wait(milliseconds, signal);
  } finally {
    source.close();
  }
}

/** Says everything that a source fires. */
function tell(source, say, name = "") {
  const began = performance.now();
  const line = (words) => say(`${((performance.now() - began) / 1000).toFixed(1)} s  ${name}${words}`);
  const fired = { open: 0, error: 0, message: 0 };
  const message = ({ type, data, lastEventId }) => {
    fired.message++;
    line(`${type}: ${data}${lastEventId && `  (last id ${lastEventId})`}`);
  };
  source.addEventListener("open", () => {
    fired.open++;
    line("open");
  });
  source.addEventListener("message", message);
  source.addEventListener("alarm", message);
  source.addEventListener("error", () => {
    fired.error++;
    line(`error, readyState ${source.readyState}`);
  });
  return fired;
}

const sum = ({ open, error, message }) => `requests answered: ${open}, events: ${message}, errors: ${error}`;

// ANCHOR: one-event-wrong
export async function oneEventWrong(say, signal) {
  const source = new EventSource("/mistakes/sse/one-event");
  const fired = tell(source, say);
  await live(8000, signal, source);
  say(sum(fired));
}
// ANCHOR_END: one-event-wrong

export async function oneEventRight(say, signal) {
  const source = new EventSource("/mistakes/sse/ticks");
  const fired = tell(source, say);
  await live(3000, signal, source);
  say(sum(fired));
}

// ANCHOR: no-blank-line-wrong
export async function noBlankLineWrong(say, signal) {
  const source = new EventSource("/mistakes/sse/no-blank-line");
  const fired = tell(source, say);
  await live(3000, signal, source);
  say(sum(fired));
  say("The same address, read with fetch:");
  const response = await fetch("/mistakes/sse/no-blank-line", { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let chunk = 1; chunk <= 3; chunk++) {
    const { value } = await reader.read();
    say(`a chunk came: ${JSON.stringify(value)}`);
  }
  await reader.cancel();
}
// ANCHOR_END: no-blank-line-wrong

export async function noBlankLineRight(say, signal) {
  const source = new EventSource("/mistakes/sse/ticks");
  const fired = tell(source, say);
  await live(3000, signal, source);
  say(sum(fired));
}

// ANCHOR: id-apart-wrong
export async function idApartWrong(say, signal) {
  const source = new EventSource("/mistakes/sse/id-apart");
  tell(source, say);
  await live(4000, signal, source);
}
// ANCHOR_END: id-apart-wrong

export async function idApartRight(say, signal) {
  const source = new EventSource("/mistakes/sse/id-together");
  tell(source, say);
  await live(4000, signal, source);
}

export async function constantIdWrong(say, signal) {
  const source = new EventSource("/mistakes/sse/constant-id");
  tell(source, say);
  await live(5000, signal, source);
}

export async function constantIdRight(say, signal) {
  const source = new EventSource("/mistakes/sse/counting-id");
  tell(source, say);
  await live(5000, signal, source);
}

// ANCHOR: reopen-wrong
export async function reopenWrong(say, signal) {
  let source;
  const connect = () => {
    source = new EventSource("/mistakes/sse/counting-id");
    tell(source, say);
    source.onerror = () => {
      source.close();
      connect();
    };
  };
  connect();
  await live(4000, signal, { close: () => source.close() });
}
// ANCHOR_END: reopen-wrong

// ANCHOR: reopen-right
export async function reopenRight(say, signal) {
  const source = new EventSource("/mistakes/sse/counting-id");
  tell(source, say);
  source.onerror = () => {
    if (source.readyState === EventSource.CONNECTING) say("the browser comes back by itself");
  };
  await live(4000, signal, source);
}
// ANCHOR_END: reopen-right

// ANCHOR: one-interval-wrong
export async function oneIntervalWrong(say, signal) {
  await aLeaves(`/mistakes/sse/one-interval?run=${Math.random()}`, say, signal);
}

async function aLeaves(address, say, signal) {
  const a = new EventSource(address);
  let b;
  try {
    tell(a, say, "A ");
    await next(a, "message", signal);
    b = new EventSource(address);
    const heard = tell(b, say, "B ");
    await wait(1500, signal);
    a.close();
    say("A has left");
    // What was on its way while A left does not count.
    await wait(1000, signal);
    const before = heard.message;
    await wait(2000, signal);
    say(`${heard.message - before} ticks came to B after that`);
  } finally {
    a.close();
    b?.close();
  }
}
// ANCHOR_END: one-interval-wrong

export async function oneIntervalRight(say, signal) {
  await aLeaves("/mistakes/sse/ticks", say, signal);
}

// ANCHOR: not-json-wrong
export async function notJsonWrong(say, signal) {
  await parse("/mistakes/sse/not-json", say, signal);
}

async function parse(address, say, signal) {
  const source = new EventSource(address);
  source.onmessage = (event) => {
    say(`data: ${event.data}`);
    try {
      say(`time: ${JSON.parse(event.data).time}`);
    } catch (error) {
      say(`${error.name}: ${error.message}`);
    }
  };
  await live(1000, signal, source);
}
// ANCHOR_END: not-json-wrong

export async function notJsonRight(say, signal) {
  await parse("/mistakes/sse/json", say, signal);
}

// ANCHOR: add-listener-wrong
export async function addListenerWrong(say, signal) {
  const source = new EventSource("/mistakes/sse/ticks");
  try {
    source.addListener("message", (event) => say(event.data));
    await wait(1000, signal);
  } finally {
    source.close();
  }
}
// ANCHOR_END: add-listener-wrong

// ANCHOR: add-listener-right
export async function addListenerRight(say, signal) {
  const source = new EventSource("/mistakes/sse/ticks");
  source.addEventListener("message", (event) => say(event.data));
  await live(1000, signal, source);
}
// ANCHOR_END: add-listener-right

export async function charsetGbkWrong(say, signal) {
  const source = new EventSource("/mistakes/sse/charset-gbk");
  tell(source, say);
  await live(5000, signal, source);
}

export async function charsetGbkRight(say, signal) {
  const source = new EventSource("/mistakes/sse/utf-8");
  tell(source, say);
  await live(1000, signal, source);
}

export async function gbkBytesWrong(say, signal) {
  const source = new EventSource("/mistakes/sse/gbk-bytes");
  const fired = tell(source, say);
  source.addEventListener("message", ({ data }) => say(`the characters: ${codes(data)}`));
  await live(1000, signal, source);
  say(sum(fired));
}

const codes = (text) => [...text].map((c) => `U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`).join(" ");

export async function gbkBytesRight(say, signal) {
  const source = new EventSource("/mistakes/sse/utf-8");
  const fired = tell(source, say);
  source.addEventListener("message", ({ data }) => say(`the characters: ${codes(data)}`));
  await live(1000, signal, source);
  say(sum(fired));
}

// ANCHOR: line-break-wrong
const STRANGER = "hi\n\nevent: alarm\ndata: fire! leave the house";

export async function lineBreakWrong(say, signal) {
  const source = new EventSource(`/mistakes/sse/line-break?text=${encodeURIComponent(STRANGER)}`);
  tell(source, say);
  await live(1000, signal, source);
}
// ANCHOR_END: line-break-wrong

// ANCHOR: line-break-right
export async function lineBreakRight(say, signal) {
  const source = new EventSource(`/mistakes/sse/line-break-json?text=${encodeURIComponent(STRANGER)}`);
  tell(source, say);
  await live(1000, signal, source);
}
// ANCHOR_END: line-break-right
