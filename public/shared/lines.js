// From a body that grows to lines. A line, and even one letter of it, may be split over two chunks.

// ANCHOR: lines
export async function* linesOf(body, countBytes = () => {}) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    countBytes(value.length);
    // With `stream` the decoder keeps the first bytes of a letter until its other bytes come.
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop();
    yield* lines;
  }
  if (rest !== "") yield rest;
}
// ANCHOR_END: lines
