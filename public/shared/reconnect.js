// Coming back after a loss: wait, longer after each failure, and say so in the page.

import { panel } from "./panel.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

/** Exponential backoff with jitter. `cursor` says from where the page goes on; `tell` is where that is said. */
export function reconnecting(cursor = () => panel.id, tell = panel) {
  let wait = FIRST_WAIT_MS;
  let away = false;
  let wake = () => {};
  return {
    /** Resolves to true when it is time to try again, to false when `stop` came first. */
    lost(why = "connection lost") {
      // Without the jitter all clients of a server that restarts would come back in the same moment.
      const delay = wait * (0.75 + Math.random() / 2);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      away = true;
      const words = `${why}; trying again in ${(delay / 1000).toFixed(1)} s`;
      tell.error(words);
      tell.log(words, "lost");
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, delay, true);
        wake = () => {
          clearTimeout(timer);
          resolve(false);
        };
      });
    },
    /** Call at each success; it speaks only after a loss. */
    back() {
      wait = FIRST_WAIT_MS;
      if (!away) return;
      away = false;
      const words = cursor() ? `back; resumed after ${cursor()}` : "back";
      tell.note(words);
      tell.log(words);
    },
    stop() {
      away = false;
      wait = FIRST_WAIT_MS;
      wake();
    },
  };
}
