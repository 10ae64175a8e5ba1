// Values as words: ready states, sizes, times, and the data of messages.

export const XHR_STATES = ["UNSENT", "OPENED", "HEADERS_RECEIVED", "LOADING", "DONE"];
export const EVENT_SOURCE_STATES = ["CONNECTING", "OPEN", "CLOSED"];
export const WEBSOCKET_STATES = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"];

/** `stateName(WEBSOCKET_STATES, 1)` is "1 OPEN": the API's own number and word. */
export const stateName = (names, number) => `${number} ${names[number]}`;

const number = new Intl.NumberFormat("en");
/** "1,204 requests", "1 request". */
export const counted = (count, what) => `${number.format(count)} ${what}${count === 1 ? "" : "s"}`;

/** How many bytes a text has on the wire (UTF-8), which is not its `length`. */
export const byteLength = (text) => new TextEncoder().encode(text).length;

/** HH:MM:SS.mmm in the reader's own time zone. */
export function clockTime(date = new Date()) {
  const two = (n) => String(n).padStart(2, "0");
  const milliseconds = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`;
}

/** The words of a message's data: a chat message, a plain string, or any other JSON. */
export function dataText(data) {
  if (typeof data === "string") return data;
  if (data && typeof data.text === "string") return `${data.from ?? "someone"}: ${data.text}`;
  return JSON.stringify(data);
}
