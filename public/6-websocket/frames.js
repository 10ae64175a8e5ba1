// Reads the bytes of one WebSocket frame, as RFC 6455 section 5.2 lays them out.

const OPCODES = { 0: "the next piece", 1: "text", 2: "binary", 8: "Close", 9: "Ping", 10: "Pong" };

/** `readFrame("88 02 03 e8")` gives its parts, each with its bytes and their meaning. */
export function readFrame(hex) {
  const bytes = hex.trim().split(/\s+/).map((two) => parseInt(two, 16));
  const parts = [];
  let at = 0;
  const take = (count) => {
    const taken = bytes.slice(at, at + count);
    at += count;
    return taken;
  };
  const part = (taken, meaning) => parts.push({ bytes: toHex(taken), meaning });

  // ANCHOR: head
  const [first] = take(1);
  const opcode = first & 0x0f;
  const last = (first & 0x80) !== 0;
  part([first], `${last ? "the last piece" : "not the last piece"}; ${OPCODES[opcode] ?? `opcode ${opcode}`}`);

  const [second] = take(1);
  const masked = (second & 0x80) !== 0;
  const small = second & 0x7f;
  // 126 and 127 are no lengths: they say that the length stands in the next 2 or 8 bytes.
  const long = take(small === 126 ? 2 : small === 127 ? 8 : 0);
  const length = long.length ? long.reduce((sum, byte) => sum * 256 + byte, 0) : small;
  part([second, ...long], `${masked ? "masked" : "no mask"}; ${length} bytes follow`);
  // ANCHOR_END: head

  // ANCHOR: unmask
  const mask = take(masked ? 4 : 0);
  if (masked) part(mask, "the mask");

  const shown = take(bytes.length);
  const plain = shown.map((byte, index) => masked ? byte ^ mask[index % 4] : byte);
  // ANCHOR_END: unmask
  if (opcode === 8 && plain.length >= 2) {
    part(shown.slice(0, 2), `the code, ${plain[0] * 256 + plain[1]}${masked ? ", after the mask is taken off" : ""}`);
    if (shown.length > 2) part(shown.slice(2), `the reason: ${toText(plain.slice(2))}`);
  } else if (shown.length) {
    const cut = shown.length < length ? ` (the first ${shown.length} bytes)` : "";
    part(shown, `the payload${cut}: ${opcode === 2 ? toHex(plain) : toText(plain)}`);
  }
  return parts;
}

const toHex = (bytes) => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
const toText = (bytes) => new TextDecoder().decode(new Uint8Array(bytes));
