// What each stream looks like on the page. Data goes in as text, never as HTML.
import { dataText } from "/shared/format.js";
import { byId, panel } from "/shared/panel.js";
import { jsonOf, onSend } from "/shared/publish.js";

const VIEWS = { clock: showClock, ticker: showTicker, users: showUsers, chat: showChat };

export function showView(name) {
  for (const view of Object.keys(VIEWS)) byId(`${view}-view`).hidden = view !== name;
}

export function show(name, event) {
  VIEWS[name](event);
}

// The clock's data is plain text. The other streams carry a MESSAGE as JSON.
function showClock(event) {
  if (event.type === "message") byId("clock").textContent = event.data;
  panel.log(`${event.type}: ${event.data}`, "down");
}

function showTicker(event) {
  const { id, data } = JSON.parse(event.data);
  let row = document.getElementById(`ticker-${data.symbol}`);
  if (!row) {
    row = addRow(byId("ticker"), [data.symbol, "", ""]);
    row.id = `ticker-${data.symbol}`;
  }
  const sign = data.change < 0 ? "▼ −" : data.change > 0 ? "▲ +" : "= ";
  row.cells[1].textContent = data.price.toFixed(2);
  row.cells[2].textContent = sign + Math.abs(data.change).toFixed(2);
  panel.log(`${id}  ${data.symbol} ${data.price.toFixed(2)}`, "down");
}

function showUsers(event) {
  const { id, data } = JSON.parse(event.data);
  if (event.type === "invalid") {
    const since = new Date(data.since).toLocaleTimeString();
    byId("users-invalid").textContent = `Since ${since} this list is old: ${data.file} ${data.error}.`;
    panel.log(`${id}  invalid: ${data.file} ${data.error}`, "lost");
    return;
  }
  byId("users-invalid").textContent = "";
  const users = Array.isArray(data) ? data : [];
  byId("users").replaceChildren();
  for (const user of users) addRow(byId("users"), [user.name, user.role, user.online ? "yes" : "no"]);
  panel.log(`${id}  ${users.length} users`, "down");
}

function showChat(event) {
  const { id, data } = JSON.parse(event.data);
  const name = event.type === "message" ? "" : `${event.type}! `;
  panel.log(`${id}  ${name}${dataText(data)}`, "down");
}

function addRow(body, words) {
  const row = body.insertRow();
  for (const word of words) row.insertCell().textContent = word ?? "";
  return row;
}

// ANCHOR: say
// The stream goes one way only, so what we say goes up in a request of its own.
onSend(async (data) => {
  const event = byId("event").value;
  const response = await fetch("/publish", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ data, event }),
  });
  const { id } = await jsonOf(response);
  panel.log(`sent as ${event}, its id is ${id}`, "up");
});
// ANCHOR_END: say
