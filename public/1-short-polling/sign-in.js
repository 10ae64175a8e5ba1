// Sign in by QR code: this page polls until another device has confirmed, or the code is too old.

import { byId } from "/shared/panel.js";
import { jsonOf } from "/shared/publish.js";
import { reconnecting } from "/shared/reconnect.js";

const EVERY_MS = 1000;
// ANCHOR: states
const WORDS = {
  waiting: "waiting: open the link on another device",
  scanned: "scanned: now press Confirm there",
  confirmed: "confirmed: you are signed in",
  expired: "expired: ask for a new code",
};
const END_STATES = ["confirmed", "expired"];
// ANCHOR_END: states

// This is not chat: it has no cursor to resume after.
const line = reconnecting(() => null);
let requests = 0;
let present = null;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function note(words, kind = "") {
  byId("sign-in-note").textContent = words;
  byId("sign-in-note").className = `notice ${kind}`;
}

function count() {
  byId("sign-in-requests").textContent = ++requests;
}

async function begin() {
  line.stop();
  note("");
  requests = 0;
  try {
    count();
    const code = await fetch("/short-polling/sign-in", { method: "POST", body: "" }).then(jsonOf);
    show(code);
    watch(code.session);
  } catch (error) {
    note(`no code: ${error.message}. Press the button again.`, "lost");
  }
}

function show({ session, link, expires_in_s, loopback }) {
  byId("qr").src = `/short-polling/sign-in/qr.svg?session=${encodeURIComponent(session)}`;
  byId("confirm-link").href = link;
  byId("phone-note").textContent = loopback
    ? "Open the link in a second tab. A phone cannot open it: this page came from the computer's own address. " +
      "For a phone, start the server with cargo run -- --host 0.0.0.0 and open the address that it prints."
    : "Scan the code with a phone in the same network, or open the link in a second tab.";
  byId("sign-in-code").hidden = false;
  note(`The code is good for ${expires_in_s} s.`);
}

// ANCHOR: watch
async function watch(session) {
  present = session;
  // A new code ends the watch over the old one.
  while (present === session) {
    let state;
    try {
      count();
      const response = await fetch(`/short-polling/sign-in?session=${encodeURIComponent(session)}`);
      if (response.status === 404) return forgotten();
      ({ state } = await jsonOf(response));
      back();
    } catch (error) {
      lost(error);
      if (!(await line.lost(`sign-in: connection lost (${error.message})`))) return;
      continue;
    }
    if (present !== session) return;
    byId("sign-in-state").textContent = WORDS[state];
    if (END_STATES.includes(state)) return end();
    await pause(EVERY_MS);
  }
}
// ANCHOR_END: watch

function lost(error) {
  byId("sign-in-state").textContent = "connection lost";
  note(`${error.message}; asking again soon`, "lost");
}

function back() {
  line.back();
  if (byId("sign-in-state").textContent === "connection lost") note("");
}

function forgotten() {
  back();
  byId("sign-in-state").textContent = "unknown";
  note("The server does not know this code; it was started anew. Ask for a new code.", "lost");
  byId("sign-in-code").hidden = true;
}

function end() {
  byId("sign-in-code").hidden = true;
  note("The polling has stopped.");
}

byId("sign-in").addEventListener("click", begin);
