// Break the key: the server answers the handshake in the way that the reader chose, beside the right way.
import { byId } from "/shared/panel.js";
import { jsonOf } from "/shared/publish.js";

const scheme = location.protocol === "https:" ? "wss" : "ws";

/** Asks for a WebSocket, and gives what its four events were, and what the server had answered. */
async function ask(how) {
  // The page's own name for this handshake: no script can see the answer itself, so the server is asked for it after.
  const ticket = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("");
  const seen = await attempt(`${scheme}://${location.host}/mistakes/websocket/handshake?how=${how}&ticket=${ticket}`);
  const answered = await jsonOf(await fetch(`/mistakes/websocket/answered?ticket=${ticket}`, { cache: "no-store" }));
  return { ...answered, seen };
}

// ANCHOR: attempt
export function attempt(url) {
  return new Promise((done) => {
    const seen = [];
    const socket = new WebSocket(url);
    socket.addEventListener("open", () => {
      seen.push("open");
      socket.close(1000);
    });
    socket.addEventListener("error", () => seen.push("error"));
    socket.addEventListener("close", (event) => {
      seen.push(`close ${event.code}`);
      done(seen);
    });
  });
}
// ANCHOR_END: attempt

async function start() {
  const button = byId("break-start");
  button.disabled = true;
  say("");
  try {
    const both = await Promise.all([ask("right"), ask(byId("break-how").value)]);
    byId("break-rows").replaceChildren(
      row("key", both.map(({ key }) => key)),
      row("sum", both.map(({ right }) => right)),
      row("101", both.map(({ head }) => fieldsOf(head))),
      row("page", both.map(({ seen }) => seen.join(", then "))),
    );
    byId("break-table").hidden = false;
    say(both[1].seen[0] === "open"
      ? "The browser took it: the socket opened."
      : "The browser refused it: 1006, and no reason.");
  } catch (error) {
    say(`it did not work: ${error.message}`);
  }
  button.disabled = false;
}

/** The fields without the date; the status is 101, whatever was chosen. */
const fieldsOf = (head) => head.trim().split("\r\n").slice(1).filter((line) => !line.startsWith("Date:"));

function row(name, values) {
  const made = document.createElement("tr");
  const header = document.createElement("th");
  header.scope = "row";
  header.textContent = name;
  // Else a narrow screen breaks the word.
  header.style.whiteSpace = "nowrap";
  made.append(header);
  for (const value of values) {
    const cell = made.insertCell();
    for (const line of [value].flat()) cell.append(line, document.createElement("br"));
  }
  return made;
}

function say(words) {
  byId("break-state").textContent = words;
}

byId("break-start").addEventListener("click", start);
