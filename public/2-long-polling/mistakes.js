// The mistakes of lesson 2, each the wrong way and the right way. The text runs them.
// `say` writes a line; `signal` aborts when the reader presses Stop.

import { dataText } from "/shared/format.js";
import { publish } from "/shared/publish.js";
import { pause } from "/view/try.js";

/** Always answers 503, with a page of HTML: what a proxy does while the server behind it is away. */
const AWAY = "/mistakes/long-polling/away";

const newTab = () => Math.random().toString(36).slice(2, 10);

/** The URL of a long poll. Equal URLs would wait for each other, so each has a name of its own. */
const longPoll = (query) => `/long-polling/messages?${new URLSearchParams({ tab: newTab(), ...query })}`;

const publishText = (text) => publish({ from: "mistakes", text });

const secondsSince = (began) => `${((performance.now() - began) / 1000).toFixed(1)} s`;

/**
 * Lets `loop` poll, publishes a message early and one late, and ends it three seconds later. `loop` is given the page:
 * `nextUrl()` is the next question, `show(answer)` takes an answer, `end` aborts at the end.
 */
async function scene(say, signal, { wait, away }, loop) {
  let cursor = (await fetch(longPoll({ wait: 0 }), { signal })).headers.get("Last-Event-ID");
  let asked = 0;
  const over = new AbortController();
  const page = {
    end: AbortSignal.any([signal, over.signal]),
    nextUrl: () => (++asked === away ? AWAY : longPoll({ after: cursor, wait })),
    show(answer) {
      for (const message of answer.messages) say(`the page shows: ${dataText(message.data)}`);
      cursor = answer.last_id ?? cursor;
    },
  };
  const looping = loop(page).catch((error) => {
    if (!page.end.aborted) say(`the loop is dead: ${error.name}: ${error.message}`);
  });
  await pause(500, signal);
  await publishText("early");
  await pause(2500, signal);
  await publishText("late");
  say("published by now: early, late");
  await Promise.race([looping, pause(3000, signal)]);
  over.abort();
  await looping;
  await pause(500, signal);
}

// No catch.

// ANCHOR: no-catch-wrong
export async function noCatchWrong(say, signal) {
  // The second question finds a proxy that has lost its server for a moment.
  await scene(say, signal, { wait: 5, away: 2 }, async (page) => {
    for (;;) {
      const response = await fetch(page.nextUrl(), { signal: page.end });
      page.show(await response.json());
    }
  });
}
// ANCHOR_END: no-catch-wrong

// ANCHOR: no-catch-right
export async function noCatchRight(say, signal) {
  await scene(say, signal, { wait: 5, away: 2 }, async (page) => {
    while (!page.end.aborted) {
      try {
        const response = await fetch(page.nextUrl(), { signal: page.end });
        if (!response.ok) throw new Error(`status ${response.status}`);
        page.show(await response.json());
      } catch (error) {
        page.end.throwIfAborted();
        say(`failed: ${error.message}; again in half a second`);
        await pause(500, page.end);
      }
    }
  });
}
// ANCHOR_END: no-catch-right

// A 204 is read as JSON.

// ANCHOR: no-content-wrong
export async function noContentWrong(say, signal) {
  await scene(say, signal, { wait: 1 }, async (page) => {
    for (;;) {
      const response = await fetch(page.nextUrl(), { signal: page.end });
      say(`status ${response.status}`);
      page.show(await response.json());
    }
  });
}
// ANCHOR_END: no-content-wrong

// ANCHOR: no-content-right
export async function noContentRight(say, signal) {
  await scene(say, signal, { wait: 1 }, async (page) => {
    for (;;) {
      const response = await fetch(page.nextUrl(), { signal: page.end });
      say(`status ${response.status}`);
      if (response.status !== 204) page.show(await response.json());
    }
  });
}
// ANCHOR_END: no-content-right

// No cursor.

const textsOf = async (response) => {
  const { messages } = response.status === 204 ? { messages: [] } : await response.json();
  return messages.map((message) => dataText(message.data)).join(", ") || "nothing";
};

/** Two questions, one after the other. Between them somebody publishes. */
async function twoQuestions(say, signal, nextUrl) {
  const first = fetch(longPoll({ wait: 5 }), { signal });
  await pause(500, signal);
  await publishText("one");
  const lastId = (await first).headers.get("Last-Event-ID");
  say(`the first answer brings ${await textsOf(await first)}`);
  await publishText("two");
  say("nobody was asking, and somebody said: two");
  const began = performance.now();
  const second = await fetch(nextUrl(lastId), { signal });
  say(`the second answer brings ${await textsOf(second)}, after ${secondsSince(began)}`);
}

// ANCHOR: no-cursor-wrong
export async function noCursorWrong(say, signal) {
  await twoQuestions(say, signal, () => longPoll({ wait: 2 }));
}
// ANCHOR_END: no-cursor-wrong

// ANCHOR: no-cursor-right
export async function noCursorRight(say, signal) {
  await twoQuestions(say, signal, (lastId) => longPoll({ wait: 2, after: lastId }));
}
// ANCHOR_END: no-cursor-right

// The same URL in two tabs.

async function askBoth(say, signal, urls) {
  const began = performance.now();
  const ask = async (url) => {
    await fetch(url, { signal });
    say(`answered after ${secondsSince(began)}: ${url}`);
  };
  await Promise.all(urls.map(ask));
}

// ANCHOR: same-url-wrong
export async function sameUrlWrong(say, signal) {
  const url = `/long-polling/messages?wait=2&run=${newTab()}`;
  await askBoth(say, signal, [url, url]);
}
// ANCHOR_END: same-url-wrong

// ANCHOR: same-url-right
export async function sameUrlRight(say, signal) {
  const url = "/long-polling/messages?wait=2";
  await askBoth(say, signal, [`${url}&tab=${newTab()}`, `${url}&tab=${newTab()}`]);
}
// ANCHOR_END: same-url-right

// A loop without back-off.

// ANCHOR: no-back-off-wrong
export async function noBackOffWrong(say, signal) {
  const began = performance.now();
  let requests = 0;
  while (performance.now() < began + 3000) {
    try {
      requests++;
      const response = await fetch(AWAY, { signal });
      if (!response.ok) throw new Error(`status ${response.status}`);
    } catch {
      // It failed, so ask again. At once.
      signal.throwIfAborted();
    }
  }
  say(`${requests} requests in ${secondsSince(began)}, from one page`);
}
// ANCHOR_END: no-back-off-wrong

// ANCHOR: no-back-off-right
export async function noBackOffRight(say, signal) {
  const began = performance.now();
  let requests = 0;
  let wait = 500;
  while (performance.now() < began + 3000) {
    try {
      requests++;
      const response = await fetch(AWAY, { signal });
      if (!response.ok) throw new Error(`status ${response.status}`);
      wait = 500;
    } catch (error) {
      // Between 0.75 and 1.25 times the wait, so that not all pages come back together.
      const delay = wait * (0.75 + Math.random() / 2);
      say(`${error.message}; again in ${(delay / 1000).toFixed(2)} s`);
      await pause(delay, signal);
      wait = Math.min(wait * 2, 8000);
    }
  }
  say(`${requests} requests in ${secondsSince(began)}, from one page`);
}
// ANCHOR_END: no-back-off-right

// A back-off without jitter.

/** A thousand pages lose their server in the same moment. When is the busiest tenth of a second? No request is made. */
function busiest(say, factor) {
  const waits = [500, 1000, 2000, 4000];
  const pages = Array.from({ length: 1000 }, () => {
    let at = 0;
    return waits.map((wait) => (at += wait * factor()));
  });
  waits.forEach((_, attempt) => {
    const tenths = new Map();
    for (const times of pages) {
      const tenth = Math.floor(times[attempt] / 100);
      tenths.set(tenth, (tenths.get(tenth) ?? 0) + 1);
    }
    say(`attempt ${attempt + 1}: ${Math.max(...tenths.values())} of 1000 pages ask in the same 0.1 s`);
  });
}

// ANCHOR: no-jitter-wrong
export async function noJitterWrong(say) {
  busiest(say, () => 1);
}
// ANCHOR_END: no-jitter-wrong

// ANCHOR: no-jitter-right
export async function noJitterRight(say) {
  busiest(say, () => 0.75 + Math.random() / 2);
}
// ANCHOR_END: no-jitter-right
