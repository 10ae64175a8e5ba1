// The ladder's labels: whatever crosses, and however close together, no label lies on another.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Layout } from "../../public/view/ladder.js";

const LETTER = 7.2;
const WORDS = ["", "2", "40", "GET", "POST 4hello", "GET ?after=k3x9-12", '40{"sid":"pprs6tijs6kg4e8smst5"}', "a packet with very many letters ".repeat(4)];
const KINDS = { up: ["request", "frame", "lost"], down: ["message", "frame", "heartbeat", "empty", "answer", "open", "handshake", "close"] };

/** Numbers that look random and are the same in every run. */
function generator(seed) {
  return (below) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * below);
  };
}

function labels(layout, mark) {
  const ends = { up: [layout.left + 8, 1], down: [layout.right - 8, -1] };
  return layout.arrow(mark).filter(({ tag, attributes }) => tag === "text" && attributes.class?.startsWith("label ")).map(({ attributes: { x, y, class: name }, text }) => {
    const direction = name.includes("says") ? (mark.way === "up" ? -1 : 1) : ends[mark.way][1];
    const from = direction === 1 ? x : x - text.length * LETTER;
    return { y, from, to: from + text.length * LETTER, text };
  });
}

for (const width of [240, 520]) {
  test(`no label lies on another, ${width} pixels wide`, () => {
    let seen = 0;
    let counted = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const any = generator(seed);
      const layout = new Layout({ width });
      const marks = new Set();
      let time = 0;
      for (let n = 0; n < 40; n++) {
        time += [0, 0, 0.001, 0.02, 0.2, 1][any(6)];
        const way = any(2) ? "up" : "down";
        const kind = KINDS[way][any(KINDS[way].length)];
        const says = kind === "message" && any(2) ? "hello" : undefined;
        const { mark, merged } = layout.add({ n: any(3), way, kind, time, label: WORDS[any(WORDS.length)], says });
        marks.add(mark ?? merged);
      }
      counted += [...marks].filter((mark) => mark.count > 1).length;
      const all = [...marks].flatMap((mark) => labels(layout, mark));
      for (const [at, one] of all.entries()) {
        for (const other of all.slice(at + 1)) {
          if (Math.abs(one.y - other.y) >= 11) continue;
          seen += 1;
          const across = Math.min(one.to, other.to) - Math.max(one.from, other.from);
          assert.ok(across <= 1, `seed ${seed}: "${one.text}" at ${one.y} lies on "${other.text}" at ${other.y}`);
        }
      }
    }
    assert.ok(seen > 100 && counted > 100, `labels beside each other: ${seen}, counts: ${counted}`);
  });
}
