// The ledger: what this page published, and in which lane it came, once, twice, late, or not at all.

/** Later than this is late. */
const LATE_MS = 1000;
/** What has not come after this time is lost, until it comes after all. */
const PATIENCE_MS = 20_000;
const KEPT = 1000;
/** This page's own messages are known by it. */
const PAGE = Math.random().toString(36).slice(2, 8).padEnd(6, "0");
const MARK = new RegExp(`^race ${PAGE} (\\d+) `);

const tag = (id) => id.slice(0, id.lastIndexOf("-"));
const place = (id) => Number(id.slice(id.lastIndexOf("-") + 1));

export class Ledger {
  constructor(lanes) {
    this.lanes = lanes;
    this.sent = 0;
    this.unacknowledged = 0;
    this.messages = new Map();
    /** Of the ids, in the order in which the server had them: a restart brings a new one. */
    this.tags = [];
  }

  /** The data of the next message, `bytes` long, and its number. It leaves now. */
  next(bytes) {
    const n = ++this.sent;
    const data = `race ${PAGE} ${String(n).padStart(5, "0")} `.padEnd(bytes, ".");
    const sentAt = performance.now();
    const due = new Set(this.lanes.filter((lane) => lane.on && lane.since <= sentAt));
    this.messages.set(n, { n, sentAt, due, id: null, ackedAt: Infinity, arrivals: new Map() });
    if (this.messages.size > KEPT) this.messages.delete(this.messages.keys().next().value);
    return { n, data };
  }

  acknowledged(n, id) {
    const message = this.messages.get(n);
    if (!this.tags.includes(tag(id))) this.tags.push(tag(id));
    if (message) Object.assign(message, { id, ackedAt: performance.now() });
  }

  /** Perhaps the server has it, perhaps not. It is no row; it may still come. */
  failed() {
    this.unacknowledged += 1;
  }

  /** The message of ours that has this data, if it is one. */
  of(data) {
    const [, n] = (typeof data === "string" && MARK.exec(data)) || [];
    return this.messages.get(Number(n));
  }

  arrived(lane, message, at) {
    const arrival = message.arrivals.get(lane) ?? { count: 0, at };
    arrival.count += 1;
    message.arrivals.set(lane, arrival);
  }

  has(lane, data) {
    return this.of(data)?.arrivals.has(lane) ?? false;
  }

  /** The id of the newest message of ours that came in a lane. */
  newestOf(lane) {
    const came = this.rows().find((message) => message.arrivals.has(lane));
    return came?.id ?? null;
  }

  /** What the server acknowledged, the newest first. */
  rows() {
    const rows = [...this.messages.values()].filter(({ id }) => id !== null);
    const life = ({ id }) => this.tags.indexOf(tag(id));
    return rows.sort((a, b) => life(b) - life(a) || place(b.id) - place(a.id));
  }

  /** How a message fared in each lane. */
  fates() {
    const now = performance.now();
    const later = new Set();
    return this.rows().map((message) => {
      const fates = this.lanes.map((lane) => {
        const arrival = message.arrivals.get(lane);
        if (arrival) later.add(lane);
        if (arrival) return arrival.count > 1 ? "twice" : arrival.at - message.sentAt > LATE_MS ? "late" : "once";
        if (!message.due.has(lane) || !lane.on || lane.since > message.sentAt) return "not-on";
        if (lane.gapAt > message.sentAt) return "gap";
        return later.has(lane) || now - message.ackedAt > PATIENCE_MS ? "lost" : "waiting";
      });
      return { message, fates };
    });
  }

  clear() {
    this.messages.clear();
    this.unacknowledged = 0;
  }
}

const SIGNS = { once: "✓", twice: "2×", late: "late", gap: "gap", lost: "lost", waiting: "…", "not-on": "–" };
const WORDS = { once: "once", twice: "twice", late: "late, after more than a second", gap: "lost, and the gap was told", lost: "lost", waiting: "not there yet", "not-on": "not on" };

/** The line above the ledger: whether it is whole, and if not, which lane is not, and why. */
export function verdict(ledger, all) {
  if (all.length === 0) return { words: "Nothing was published yet.", kind: "" };
  const count = (fate) => ledger.lanes.map((lane, n) => [lane, all.filter(({ fates }) => fates[n] === fate).length]).filter(([, times]) => times > 0);
  const told = (fate, words) => count(fate).map(([lane, times]) => `${lane.words}: ${times} ${words}${lane.state && fate === "lost" ? ` (${lane.state})` : ""}`);
  const listed = (fate) => count(fate).map(([lane, times]) => `${lane.words} ${times}`).join("; ");
  const wrong = [...told("lost", "lost"), ...told("gap", "in a gap that was told"), ...told("twice", "twice")];
  const waiting = listed("waiting");
  const away = count("waiting").some(([lane]) => lane.state) ? " Connections are lost; the lanes come back." : "";
  if (wrong.length > 0) return { words: `Not whole. ${wrong.join("; ")}.${waiting && ` Not there yet: ${waiting}.`}`, kind: "lost" };
  if (waiting) return { words: `Not whole yet: ${waiting}.${away}`, kind: "waiting" };
  const late = listed("late");
  const whole = all.length === 1 ? "Whole: the one message came once" : `Whole: all ${all.length} messages came once`;
  return { words: `${whole} in each lane that was on.${late && ` Late: ${late}.`}`, kind: "" };
}

/** The rows of the ledger's table; `most` of them. */
export function drawLedger(table, all, most) {
  const rows = all.slice(0, most).map(({ message, fates }) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = message.n;
    head.title = message.id;
    row.append(head);
    for (const fate of fates) {
      const cell = row.insertCell();
      const sign = document.createElement("span");
      const words = document.createElement("span");
      cell.className = fate;
      sign.ariaHidden = "true";
      sign.textContent = SIGNS[fate];
      words.className = "visually-hidden";
      words.textContent = WORDS[fate];
      cell.append(sign, words);
    }
    return row;
  });
  table.tBodies[0].replaceChildren(...rows);
}
