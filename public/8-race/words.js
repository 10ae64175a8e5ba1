// The race's figures as words.

const number = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** "3.4 ms", "512 ms", "2.1 s". */
export function milliseconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 10) return `${short.format(value)} ms`;
  return value < 1000 ? `${number.format(Math.round(value))} ms` : `${short.format(value / 1000)} s`;
}

/** "512 B", "12.3 kB". */
export function bytes(value) {
  if (value === null || value === undefined) return "–";
  return value < 10_000 ? `${number.format(Math.round(value))} B` : `${short.format(value / 1000)} kB`;
}

export const whole = (value) => number.format(Math.round(value));
export const oneDigit = (value) => short.format(value);
