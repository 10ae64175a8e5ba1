// Publishing: the page's <chat-form>, and the POST behind it.

import { byId, panel } from "./panel.js";

/** The body of an answer as JSON; an answer that is not 2xx becomes an Error with the server's own words. */
export async function jsonOf(response) {
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Error(`${response.status}: ${body?.error ?? response.statusText}`);
  return body;
}

/** Publishes to the topic `chat`; gives the id that the message got. */
export async function publish(data) {
  const response = await fetch("/publish", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ data }),
  });
  return (await jsonOf(response)).id;
}

/** Has the <chat-form> call `send` with `{from, text}`; it may throw. */
export function onSend(send = publish) {
  const name = byId("name");
  const text = byId("text");
  name.value ||= `guest-${100 + Math.floor(Math.random() * 900)}`;
  byId("chat").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await send({ from: name.value || "guest", text: text.value });
      text.value = "";
      text.focus();
    } catch (error) {
      panel.error(`not sent: ${error.message}`);
    }
  });
}
