// How far the reader has come, kept in the browser: for each lesson the steps that are done, how many of the main
// line are among them, the stops that are finished, and the stop where one left off.

const KEY = "poll-to-push progress";

/** `{"5-sse": {steps: ["six-at-most/0"], main: 1, of: 12, finished: ["six-at-most"], at: "the-code"}}` */
export function progress() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    // A browser that keeps nothing, or something that is not ours.
    return {};
  }
}

/** What is kept of one lesson. Another tab may have added to it since it was last read. */
export const progressOf = (lesson) => ({ steps: [], main: 0, of: 0, finished: [], at: "", ...progress()[lesson] });

export function keep(lesson, changes) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...progress(), [lesson]: { ...progressOf(lesson), ...changes } }));
  } catch {
    // It holds until the page is left.
  }
}
