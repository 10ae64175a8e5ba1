// What people do wrong with a streamed answer, each beside the right way. The page's buttons run these.

import { linesOf } from "/shared/lines.js";

/** The answer, never from the browser's cache: equal URLs would wait for each other there. */
const ask = (url, signal) => fetch(url, { signal, cache: "no-store" });

/** The pieces of a body, as the browser gives them. */
async function* piecesOf(body) {
  const reader = body.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
}

/** An XMLHttpRequest, not yet sent. `send()` resolves when it is over. */
function xhrTo(url, signal) {
  const xhr = new XMLHttpRequest();
  xhr.open("GET", url);
  const send = () => new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => xhr.abort());
    xhr.addEventListener("load", resolve);
    xhr.addEventListener("error", () => reject(new Error("the connection was lost")));
    xhr.addEventListener("abort", () => reject(new Error("stopped")));
    xhr.send();
  });
  return { xhr, send };
}

/** `say` with the seconds since now before the words. */
function timed(say) {
  const begun = performance.now();
  return (words) => say(`${((performance.now() - begun) / 1000).toFixed(1)} s: ${words}`);
}

/** Reads all lines with a reader, and says when each came. */
async function sayLines(url, say, signal) {
  const sayNow = timed(say);
  const response = await ask(url, signal);
  for await (const line of linesOf(response.body)) if (line) sayNow(line);
}

/** Says what is new at each readyState 3. */
async function sayAtState3(url, say, signal) {
  const sayNow = timed(say);
  const { xhr, send } = xhrTo(url, signal);
  let calls = 0;
  xhr.addEventListener("readystatechange", () => {
    if (xhr.readyState !== XMLHttpRequest.LOADING) return;
    calls += 1;
    sayNow(`readyState 3, ${xhr.responseText.length} characters so far`);
  });
  await send();
  sayNow(`readyState 4, ${xhr.responseText.length} characters; times that readyState 3 came: ${calls}`);
}

// ANCHOR: one-json-text-wrong
export async function oneJsonTextWrong(say, signal) {
  const success = (messages) => say(`success: ${messages}`);
  const error = (why) => say(`error: ${why.message}`);
  say("asking for nine messages…");
  const response = await ask("/comet/nine?read=json", signal);
  // What `$.ajax({ dataType: "json", success, error })` does: the whole body is taken for one JSON text.
  await response.text().then(JSON.parse).then(success, error);
}
// ANCHOR_END: one-json-text-wrong

// ANCHOR: one-json-text-right
export async function oneJsonTextRight(say, signal) {
  const response = await ask("/comet/nine?read=lines", signal);
  for await (const line of linesOf(response.body)) {
    if (line) say(JSON.parse(line).text);
  }
}
// ANCHOR_END: one-json-text-right

// ANCHOR: piece-as-line-wrong
export async function pieceAsLineWrong(say, signal) {
  const response = await ask("/comet/split?read=pieces", signal);
  for await (const piece of piecesOf(response.body)) {
    const text = new TextDecoder().decode(piece);
    try {
      say(`message: ${JSON.parse(text).text}`);
    } catch (error) {
      say(`${piece.length} bytes are no message: ${error.message}`);
    }
  }
}
// ANCHOR_END: piece-as-line-wrong

// ANCHOR: piece-as-line-right
export async function pieceAsLineRight(say, signal) {
  const response = await ask("/comet/split?read=lines", signal);
  for await (const line of linesOf(response.body)) say(`message: ${JSON.parse(line).text}`);
}
// ANCHOR_END: piece-as-line-right

// ANCHOR: new-decoder-wrong
export async function newDecoderWrong(say, signal) {
  const response = await ask("/comet/split?decoder=new", signal);
  let text = "";
  for await (const piece of piecesOf(response.body)) text += new TextDecoder().decode(piece);
  say(JSON.parse(text).text);
}
// ANCHOR_END: new-decoder-wrong

// ANCHOR: new-decoder-right
export async function newDecoderRight(say, signal) {
  const response = await ask("/comet/split?decoder=one", signal);
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of piecesOf(response.body)) text += decoder.decode(piece, { stream: true });
  say(JSON.parse(text).text);
}
// ANCHOR_END: new-decoder-right

// ANCHOR: state-3-only-wrong
export async function state3OnlyWrong(say, signal) {
  const { xhr, send } = xhrTo("/mistakes/comet/close-together?read=wrong", signal);
  let shown = "";
  xhr.addEventListener("readystatechange", () => {
    if (xhr.readyState !== 3) return;
    shown = xhr.responseText;
    for (const line of shown.trim().split("\n")) say(line);
  });
  await send();
  say(`at 4 there are ${xhr.responseText.length} characters; at 3 we saw ${shown.length} of them`);
}
// ANCHOR_END: state-3-only-wrong

// ANCHOR: state-3-only-right
export async function state3OnlyRight(say, signal) {
  const { xhr, send } = xhrTo("/mistakes/comet/close-together?read=right", signal);
  let read = 0;
  xhr.addEventListener("readystatechange", () => {
    if (xhr.readyState < 3) return;
    const end = xhr.responseText.lastIndexOf("\n") + 1;
    for (const line of xhr.responseText.slice(read, end).split("\n")) if (line) say(line);
    read = end;
  });
  await send();
  say(`at 4 there are ${xhr.responseText.length} characters; we saw ${read} of them, each once`);
}
// ANCHOR_END: state-3-only-right

// ANCHOR: only-once-wrong
export async function onlyOnceWrong(say, signal) {
  const sayNow = timed(say);
  const response = await ask("/mistakes/comet/flush?read=once", signal);
  const text = await response.text();
  for (const line of text.trim().split("\n")) sayNow(line);
}
// ANCHOR_END: only-once-wrong

// ANCHOR: only-once-right
export async function onlyOnceRight(say, signal) {
  const sayNow = timed(say);
  const response = await ask("/mistakes/comet/flush?read=often", signal);
  for await (const line of linesOf(response.body)) sayNow(line);
}
// ANCHOR_END: only-once-right

// The mistakes below are the server's. The page reads both of its answers in the same way.

export async function guessedTypeWrong(say, signal) {
  await sayAtState3("/mistakes/comet/guessed-type", say, signal);
}

export async function guessedTypeRight(say, signal) {
  await sayAtState3("/mistakes/comet/said-type", say, signal);
}

export async function noFlushWrong(say, signal) {
  await sayLines("/mistakes/comet/no-flush", say, signal);
}

export async function noFlushRight(say, signal) {
  await sayLines("/mistakes/comet/flush", say, signal);
}

/** Asks twice, as any page would. Each answer that the server makes has a new number. */
async function askTwice(url, say, signal) {
  for (const time of ["first", "second"]) {
    const response = await fetch(url, { signal });
    say(`${time} answer: number ${(await response.json()).answer}`);
  }
}

export async function cacheControllerWrong(say, signal) {
  await askTwice("/mistakes/comet/cache-controller", say, signal);
}

export async function cacheControllerRight(say, signal) {
  await askTwice("/mistakes/comet/cache-control", say, signal);
}
