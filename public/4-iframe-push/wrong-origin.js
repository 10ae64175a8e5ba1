// The mistake: a target origin that someone wrote down, and a page that was opened under the other name of the same computer.
import { addLine, byId } from "/kit.js";

const other = location.hostname === "localhost" ? "127.0.0.1" : "localhost";
const written = `${location.protocol}//${other}${location.port && `:${location.port}`}`;
const log = byId("origin-log");

byId("wrong-origin").addEventListener("click", () => {
  for (const target of [written, location.origin]) {
    addLine(log, `postMessage(…, "${target}")`, "up");
    window.postMessage({ meantFor: target }, target);
  }
});

addEventListener("message", (event) => {
  if (event.source !== window || !event.data.meantFor) return;
  addLine(log, `arrived: the one for ${event.data.meantFor}`, "down");
});
