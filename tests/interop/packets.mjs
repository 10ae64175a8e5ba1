// Packets from the grammar of the two protocols: right ones, odd ones, and right ones with
// a fault. The same ones each time.

/** Numbers from 0 to below 1, the same ones for the same seed (mulberry32). */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const STRINGS = [
  '""', '"x"', '"é€𝄞"', '"\\u00e9\\n\\/\\\\"', '"\\ud83d"', '"\\ud83d\\ude00"', '"\\ude00\\ud83d"', '"\u2028"',
  '"]"', '"\\"}"', '"1-/a,[]"', '"_placeholder"', '"\x7f"',
];
const NUMBERS = ["0", "-0", "7", "-1.5", "1.0", "1e3", "1E-2", "1e400", "12345678901234567890123"];
const KEYS = ['"a"', '"b"', '"num"', '"\\u0061"', '""', '"_placeholder"'];
const NAMES = ['"message"', '"message-with-ack"', '"echo"', '"nobody"', "7", '"m\\u0065ssage"'];
const ODD_NAMES = [
  '"connect"', '"disconnecting"', '"newListener"', '""', '"\\ud83d"', "null", "true", "[]", "{}", "1e400",
];
const NAMESPACES = [...Array(12).fill(""), "/,", "/,", "/custom,", "/nowhere,", "/custom?a=1,"];
const ENGINE_PACKETS = [
  "0", "0{}", "3", "3x", "4", "5", "52", "6", "6x", "7", "9", "-", "b", "bAQID", "c", "\u{1f600}",
];
const FAULTS = ["[", "]", "{", "}", '"', ",", ":", "-", "/", "0", "1", "9", "a", "\\", "é", "\u0000"];

/** `count` lists of packets, each of them a text or bytes. */
export function generated(count, seed) {
  const next = random(seed);
  const one = (list) => list[Math.floor(next() * list.length)];
  const chance = (share) => next() < share;
  const many = (most, make) => Array.from({ length: Math.floor(next() * (most + 1)) }, make);

  /** JSON that names `attachments` more than the list has, here and there. */
  function json(depth, holes) {
    if (holes.length > 0 && chance(0.5)) return holes.pop();
    const kind = depth > 3 ? 0 : next();
    const blank = chance(0.05) ? " " : "";
    if (kind < 0.25) return one(STRINGS);
    if (kind < 0.45) return one(NUMBERS);
    if (kind < 0.6) return one(["true", "false", "null"]);
    if (kind < 0.8) return `[${blank}${many(3, () => json(depth + 1, holes)).join(`${blank},`)}]`;
    // "_placeholder" is not made true here.
    const field = () => {
      const key = one(KEYS);
      return `${key}${blank}:${key.includes("_") ? one(["false", "1", '"true"']) : json(depth + 1, holes)}`;
    };
    return `{${many(3, field).join(",")}${blank}}`;
  }

  function socketPacket() {
    const kind = one(["0", "1", "2", "2", "2", "2", "2", "2", "3", "4", "5", "5", "5", "6"]);
    const binary = kind === "5" || kind === "6";
    const attachments = binary ? many(2, () => Buffer.from(many(4, () => Math.floor(next() * 256)))) : [];
    if (binary && attachments.length === 0) attachments.push(Buffer.of(1));
    const holes = attachments.map((_, num) => {
      const fields = ['"_placeholder":true', `"num":${num}`];
      return `{${(chance(0.5) ? fields : fields.reverse()).join(",")}}`;
    });
    let namespace = one(NAMESPACES);
    // Joining twice, and leaving, are cases of their own.
    if (kind === "0" && !namespace.startsWith("/nowhere")) namespace = "/custom,";
    const id = "2356".includes(kind) && chance(0.4) ? one(["0", "7", "12", "007"]) : "";
    const items = many(3, () => json(0, holes));
    items.push(...holes);
    if ("25".includes(kind)) items.unshift(chance(0.1) ? one(ODD_NAMES) : one(NAMES));
    const payload = {
      "0": () => one(["", "{}", '{"a":"\\ud83d"}', "[]", "null", '"x"']),
      "1": () => one(["", "", "{}"]),
      "4": () => one(["", "{}", '"x"']),
    }[kind] ?? (() => `[${items.join(",")}]`);
    const count = binary ? `${attachments.length}-` : "";
    return [`4${kind}${count}${namespace}${id}${payload()}`, ...attachments];
  }

  const enginePacket = () => [one(ENGINE_PACKETS)];

  /** With one letter too many, too few, or changed. */
  function faulty([text, ...attachments]) {
    const at = Math.floor(next() * (text.length + 1));
    const behind = chance(0.5) ? at + 1 : at;
    const broken = text.slice(0, at) + (chance(0.6) ? one(FAULTS) : "") + text.slice(behind);
    // An attachment without its placeholder is a case of its own.
    const named = text.split('"_placeholder":true').length === broken.split('"_placeholder":true').length;
    return [named ? broken : text, ...(chance(0.9) ? attachments : attachments.slice(1))];
  }

  return Array.from({ length: count }, () => {
    const packets = chance(0.9) ? socketPacket() : enginePacket();
    return chance(0.35) ? faulty(packets) : packets;
  });
}
