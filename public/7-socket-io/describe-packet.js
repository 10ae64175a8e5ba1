// A packet in words: first Engine.IO's part of it, then Socket.IO's.

export const ENGINE_TYPES = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
const SOCKET_TYPES = ["connect", "disconnect", "event", "ack", "connect_error", "binary event", "binary ack"];

const MEANINGS = {
  open: "the session's id and its rules",
  close: "the session is over",
  ping: "are you there?",
  pong: "yes",
  message: "what the application says",
  upgrade: "from now on by the WebSocket",
  noop: "nothing; it only ends a poll",
};

export const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** `4hello` is "4 = message: what the application says". */
export function engineWords(packet) {
  if (packet[0] === "b") return "b = message, bytes in base64";
  const type = ENGINE_TYPES[packet[0]];
  if (!type) return "not a packet";
  if (packet === "2probe") return "2 = ping, with the word probe: does this way work?";
  if (packet === "3probe") return "3 = pong, with the word probe: it works";
  return `${packet[0]} = ${type}: ${MEANINGS[type]}`;
}

/** `2/push,7["hi"]` is "2 event · namespace /push · wants ack 7 · "hi"": the text behind Engine.IO's 4. */
export function socketWords(text) {
  const [, type, count, namespace, id, json] = /^([0-6])(?:(\d+)-)?(?:(\/[^,]*),?)?(\d*)(.*)$/s.exec(text) ?? [];
  if (!type) return "not a packet of Socket.IO";
  const words = [`${type} ${SOCKET_TYPES[type]}`];
  if (count) words.push(`${count} binary part${count === "1" ? "" : "s"} to follow`);
  words.push(`namespace ${namespace ?? "/"}`);
  const isAnswer = type === "3" || type === "6";
  if (id) words.push(isAnswer ? `the answer to ${id}` : `wants ack ${id}`);
  if (type === "2" || type === "5") words.push(`the event ${JSON.stringify(JSON.parse(json)[0])}`);
  return words.join(" · ");
}
