// What the server costs now. It is asked each second, but only while somebody looks.

import { byId } from "/shared/panel.js";
import { oneDigit, whole } from "./words.js";

const EVERY_MS = 1000;
let asking = false;

async function look() {
  if (asking || document.hidden || !byId("server-threads").checkVisibility()) return;
  asking = true;
  try {
    const response = await fetch("/race/server", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    const { threads, connections, resident_bytes, cpu_ms } = await response.json();
    const known = (value, words) => (value === null ? "not known on this system" : words(value));
    byId("server-threads").textContent = known(threads, whole);
    byId("server-connections").textContent = whole(connections);
    byId("server-memory").textContent = known(resident_bytes, (value) => `${oneDigit(value / 1024 / 1024)} MiB`);
    byId("server-cpu").textContent = known(cpu_ms, (value) => `${oneDigit(value / 1000)} s`);
  } catch {
    // It is away, or has no connection free for us; the next second asks again.
  }
  asking = false;
}

export function setUpServer() {
  setInterval(look, EVERY_MS);
}
