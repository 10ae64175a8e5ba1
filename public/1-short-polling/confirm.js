// The page behind the QR code: it says "scanned" when it opens, and "confirm" when the button is pressed.

import { byId } from "/shared/panel.js";
import { jsonOf } from "/shared/publish.js";

const session = new URLSearchParams(location.search).get("session");

async function tell(step) {
  const response = await fetch(`/short-polling/sign-in/${step}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ session }),
  });
  return (await jsonOf(response)).state;
}

async function attempt(step) {
  byId("confirm").disabled = true;
  byId("error").textContent = "";
  try {
    const state = await tell(step);
    byId("state").textContent = state;
    byId("confirm").disabled = state !== "scanned";
  } catch (error) {
    byId("state").textContent = "not done";
    byId("error").textContent = error.message;
    byId("error").className = "notice lost";
    // A network that failed may work at the next press; an answer of the server will not change.
    byId("confirm").disabled = !(error instanceof TypeError);
  }
}

let scanned = false;

async function press() {
  if (!scanned) await scan();
  if (scanned) await attempt("confirm");
}

async function scan() {
  await attempt("scan");
  scanned = byId("state").textContent === "scanned";
}

byId("confirm").addEventListener("click", press);
if (session) {
  scan();
} else {
  byId("state").textContent = "no code";
  byId("error").textContent = "This address has no session in it. Open the link that the QR code holds.";
}
