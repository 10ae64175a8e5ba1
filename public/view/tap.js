// The wire view's own connection: what passes this browser's other connections, as the server saw it.
//
// It is a WebSocket, so it is not one of the six connections to a host. Each batch holds, for each passage, a line of
// JSON and then its bytes; see src/tap/batch.rs.

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5000;
/** While the server is away it is asked whether it is back, first after so long, and at most so seldom: who looks wants to see the page come back, too. */
const FIRST_ASK_BACK_MS = 250;
const LONGEST_ASK_BACK_MS = 2000;
/** When all six connections are in use, the question whether the server is back gets no answer. */
const LONGEST_QUESTION_MS = 1000;
const ASK_TIME_EVERY_MS = 5000;

/** The passages in one batch. */
export function* unpack(buffer) {
  const bytes = new Uint8Array(buffer);
  const words = new TextDecoder();
  let place = 0;
  while (place < bytes.length) {
    const end = bytes.indexOf(10, place);
    const passage = JSON.parse(words.decode(bytes.subarray(place, end)));
    place = end + 1;
    if (passage.kept !== undefined) passage.bytes = bytes.subarray(place, (place += passage.kept));
    yield passage;
  }
}

async function serverIsBack() {
  try {
    await fetch("/icon.svg", { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(LONGEST_QUESTION_MS) });
    return true;
  } catch (error) {
    return error.name === "TimeoutError";
  }
}

/**
 * Looks until the page is left. `on.hello({now, connections})` at each start, `on.passage(passage)`,
 * `on.lost()` when the server is gone, `on.delay(seconds)` for the way one way, `on.cut(count)`, `on.fault({fault, seconds, restarted, error})`,
 * `on.state(words)`. Gives a function that says a word to the server: `cut`, to cut this browser's other connections, or a fault for them
 * (`stall`, `slow reader`, `gather`), or `calm`, to end it. It tells whether it could be said.
 */
export function look(on) {
  let wait = FIRST_WAIT_MS;
  let socket;
  const open = async () => {
    // Browsers make a WebSocket wait, up to five seconds, when many handshakes before it failed. A request fails at once.
    let again = FIRST_ASK_BACK_MS;
    while (socket && !(await serverIsBack())) {
      await new Promise((done) => setTimeout(done, again * (0.75 + Math.random() / 2)));
      again = Math.min(again * 2, LONGEST_ASK_BACK_MS);
    }
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/wire/socket`);
    let asked = 0;
    let timer = 0;
    const opened = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      wait = FIRST_WAIT_MS;
      on.state("looking");
      const ask = () => {
        asked = performance.now();
        opened.send("time");
      };
      ask();
      timer = setInterval(ask, ASK_TIME_EVERY_MS);
    });
    socket.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") {
        for (const passage of unpack(data)) on.passage(passage);
        return;
      }
      const said = JSON.parse(data);
      if (said.connections) on.hello(said);
      else if (said.cut !== undefined) on.cut(said.cut);
      else if (said.fault !== undefined || said.restarted || said.error) on.fault(said);
      else on.delay((performance.now() - asked) / 2000);
    });
    socket.addEventListener("close", () => {
      clearInterval(timer);
      on.lost();
      on.state("the server is not there; looking again soon");
      // All pages of a server that restarts would come back in the same moment.
      setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    });
  };
  open();
  return (word) => {
    const open = socket.readyState === WebSocket.OPEN;
    if (open) socket.send(word);
    return open;
  };
}
