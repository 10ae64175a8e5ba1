// Taking the mask off, by hand: the bytes of the reader's own frame, one after the other.
import { byId } from "/shared/panel.js";

// RFC 6455, section 5.7. Until the reader has a frame of their own.
const EXAMPLE = "81 85 37 fa 21 3d 7f 9f 4d 51 58";
// Half of a phone's screen holds no more.
const MOST_ROWS = 7;

let rows = [];

/** A masked frame of at most 125 bytes: two bytes, the four of the key, then the payload. */
export function unmaskByHand(frame, whose) {
  const bytes = frame.split(" ").map((two) => parseInt(two, 16));
  const key = bytes.slice(2, 6);
  const payload = bytes.slice(6, 6 + MOST_ROWS);
  byId("unmask-frame").textContent = frame;
  byId("unmask-whose").textContent = whose;
  rows = payload.map((byte, index) => makeRow(byte, key[index % 4], index));
  byId("unmask-rows").replaceChildren(...rows.map((row) => row.element));
  byId("unmask-show").disabled = rows.length === 0;
  const length = bytes[1] & 0x7f;
  say(`the payload has ${length} bytes${length > MOST_ROWS ? `; here are the first ${MOST_ROWS}` : ""}`);
}

function makeRow(masked, keyByte, index) {
  const element = document.createElement("tr");
  const row = { element, answer: masked ^ keyByte, right: false };
  element.append(byteCell(masked), byteCell(keyByte));

  const label = document.createElement("label");
  const words = document.createElement("span");
  row.input = document.createElement("input");
  words.className = "visually-hidden";
  words.textContent = `byte ${index + 1}, without the mask`;
  row.input.size = 9;
  row.input.maxLength = 9;
  row.input.autocomplete = "off";
  row.input.spellcheck = false;
  row.input.addEventListener("input", () => check(row, index));
  label.append(words, row.input);
  element.insertCell().append(label);

  row.letter = element.insertCell();
  return row;
}

function byteCell(byte) {
  const cell = document.createElement("td");
  cell.append(hex(byte), document.createElement("br"), bits(byte));
  return cell;
}

function check(row, index) {
  const given = readByte(row.input.value);
  row.right = given === row.answer;
  if (given === null) row.letter.textContent = "";
  else row.letter.textContent = row.right ? `✓ ${letter(given)}` : "no";

  const done = rows.filter((other) => other.right).length;
  if (done === rows.length) say(`all ${done} are right: ${text(rows.map((other) => other.answer))}`);
  else if (given !== null) say(`byte ${index + 1} is ${row.right ? "" : "not "}right; ${done} of ${rows.length}`);
}

/** Two hexadecimal digits, with `0x` or without, or eight bits; `null` while it is neither. */
function readByte(words) {
  const digits = words.replaceAll(" ", "").replace(/^0x/i, "");
  if (/^[01]{8}$/.test(digits)) return parseInt(digits, 2);
  return /^[0-9a-f]{2}$/i.test(digits) ? parseInt(digits, 16) : null;
}

function showAnswer() {
  rows.forEach((row, index) => {
    row.input.value = hex(row.answer);
    check(row, index);
  });
}

const hex = (byte) => byte.toString(16).padStart(2, "0");
const bits = (byte) => byte.toString(2).padStart(8, "0").replace(/^..../, "$& ");
const text = (bytes) => new TextDecoder().decode(new Uint8Array(bytes));
function letter(byte) {
  // In UTF-8 a letter such as é has two bytes or more; none of them is a letter by itself.
  if (byte >= 0x80) return "a part of one";
  return byte === 0x20 ? "a space" : String.fromCharCode(byte);
}

function say(words) {
  byId("unmask-state").textContent = words;
}

byId("unmask-show").addEventListener("click", showAnswer);
unmaskByHand(EXAMPLE, "The example of the standard, until you have a frame of your own");
