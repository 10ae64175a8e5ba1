// What people do wrong with iframe push, each beside the right way. The page's buttons run these.

import { pause } from "/view/try.js";

const OUR_CLOCK = "/iframe-push/stream?topic=clock";

/**
 * Opens pages in unseen iframes for a while. `heard` is given each message that reaches this window meanwhile, and
 * whether it comes from one of these iframes.
 */
async function whileFramed(urls, milliseconds, signal, heard = () => {}, opened = () => {}) {
  const frames = urls.map((url) => {
    const frame = document.createElement("iframe");
    frame.className = "unseen";
    frame.title = "a page of a mistake";
    frame.src = url;
    document.body.append(frame);
    opened(frame);
    return frame;
  });
  const listener = (event) => heard(event, frames.some((frame) => frame.contentWindow === event.source));
  addEventListener("message", listener);
  try {
    await pause(milliseconds, signal);
  } finally {
    removeEventListener("message", listener);
    for (const frame of frames) frame.remove();
  }
}

/** Says each message of the stream, and how many there were. */
async function count(url, say, signal) {
  let arrived = 0;
  await whileFramed([url], 3500, signal, (event, ours) => {
    if (!ours) return;
    arrived += 1;
    say(`arrived: ${JSON.stringify(event.data)}`);
  });
  say(`${arrived} messages in 3.5 seconds`);
}

export async function fixedOriginWrong(say, signal) {
  say(`this page was opened at ${location.origin}`);
  await count("/mistakes/iframe-push/fixed-origin", say, signal);
}

export async function fixedOriginRight(say, signal) {
  say(`this page was opened at ${location.origin}`);
  await count(OUR_CLOCK, say, signal);
}

/** An iframe that plays another site. It frames one of our streams, and posts to us what it could read. */
async function otherSite(which, say, signal) {
  let read = 0;
  await whileFramed([`/mistakes/iframe-push/other-site?${which}`], 3500, signal, (event, ours) => {
    if (!ours) return;
    read += 1;
    say(`the other site (its origin is ${event.origin}) has read: ${JSON.stringify(event.data)}`);
  });
  say(`the other site has read ${read} messages`);
}

export async function anyTargetWrong(say, signal) {
  await otherSite("wrong", say, signal);
}

export async function anyTargetRight(say, signal) {
  await otherSite("right", say, signal);
}

// ANCHOR: no-check-wrong
export async function noCheckWrong(say, signal) {
  await whileFramed([OUR_CLOCK, "/mistakes/iframe-push/stranger"], 2500, signal, (event) => {
    say(`the time is ${event.data.data?.time}`);
  });
}
// ANCHOR_END: no-check-wrong

// ANCHOR: no-check-right
export async function noCheckRight(say, signal) {
  await whileFramed([OUR_CLOCK, "/mistakes/iframe-push/stranger"], 2500, signal, (event, fromOurIframe) => {
    if (event.origin !== location.origin || !fromOurIframe) {
      say(`not for us: a message from the origin ${event.origin}`);
      return;
    }
    say(`the time is ${event.data.data?.time}`);
  });
}
// ANCHOR_END: no-check-right

// A chat message that somebody sent. The handler does no harm: it only tells that it ran.
const ATTACK = `<img src="data:," onerror="parent.postMessage('the handler of the message ran', '*')">`;

// ANCHOR: inner-html-here
async function showHere(property, say, signal) {
  const place = document.createElement("p");
  place.hidden = true;
  document.body.append(place);
  const stopped = (event) => say(`this page: its policy stopped the handler (${event.effectiveDirective})`);
  document.addEventListener("securitypolicyviolation", stopped);
  place[property] = ATTACK;
  say(`this page: elements made of the message: ${place.children.length}`);
  try {
    await pause(500, signal);
  } finally {
    document.removeEventListener("securitypolicyviolation", stopped);
    place.remove();
  }
}
// ANCHOR_END: inner-html-here

/** The same in a page whose policy does not forbid such handlers; most pages have none at all. */
async function showThere(url, say, signal) {
  let ran = false;
  const heard = (event, ours) => {
    if (!ours) return;
    ran = true;
    say(`a page without that policy: ${event.data}`);
  };
  const send = (frame) => frame.addEventListener("load", () => frame.contentWindow.postMessage(ATTACK, "*"));
  await whileFramed([url], 3000, signal, heard, send);
  if (!ran) say("a page without that policy: nothing ran");
}

export async function innerHtmlWrong(say, signal) {
  await showHere("innerHTML", say, signal);
  await showThere("/mistakes/iframe-push/inner-html", say, signal);
}

export async function innerHtmlRight(say, signal) {
  await showHere("textContent", say, signal);
  await showThere("/mistakes/iframe-push/text-content", say, signal);
}

const HOUR = 3_600_000;

/** Sets the clock of an iframe back by an hour: it stands for a computer whose clock is wrong. */
function setBack(frame) {
  const look = setInterval(() => {
    if (frame.isConnected && frame.contentDocument.URL === "about:blank") return;
    clearInterval(look);
    if (!frame.isConnected) return;
    const inside = frame.contentWindow;
    const RealDate = inside.Date;
    inside.Date = class extends RealDate {
      constructor() {
        super(RealDate.now() - HOUR);
      }
    };
  }, 10);
}

async function sayTimes(url, say, signal) {
  say("the clock of this reader is an hour late");
  await whileFramed([url], 3500, signal, (event, ours) => {
    if (ours) say(`told ${event.data.data?.time ?? event.data}; it is ${new Date().toISOString()}`);
  }, setBack);
}

export async function browserClockWrong(say, signal) {
  await sayTimes("/mistakes/iframe-push/browser-clock", say, signal);
}

export async function browserClockRight(say, signal) {
  await sayTimes(OUR_CLOCK, say, signal);
}

/** Three readers come and leave. How many timers does the server run after that? */
async function comeAndLeave(url, say, signal) {
  const running = async () => {
    const response = await fetch("/mistakes/iframe-push/timers", { signal, cache: "no-store" });
    return (await response.json()).running;
  };
  say(`timers before: ${await running()}`);
  for (let n = 1; n <= 3; n++) await whileFramed([`${url}?reader=${n}`], 700, signal);
  await pause(1000, signal);
  say(`three readers came and left; timers now: ${await running()}`);
}

export async function noClearWrong(say, signal) {
  await comeAndLeave("/mistakes/iframe-push/timer", say, signal);
}

export async function noClearRight(say, signal) {
  await comeAndLeave("/mistakes/iframe-push/timer-cleared", say, signal);
}
