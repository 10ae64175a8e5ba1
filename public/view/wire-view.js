// What stands on every stage below the demo: the ladder, the bytes, and their buttons. They draw what the server's tap tells;
// where there is none (--no-wire), the ladder draws what the page itself notices.

import { Connection } from "./connection.js";
import { LiveLadder } from "./live-ladder.js";
import { look } from "./tap.js";
import { ByteList } from "./byte-list.js";
import { counted } from "/shared/format.js";

const TEMPLATE = `
  <section class="ladder" id="ladder-part" aria-labelledby="ladder-title">
    <div class="watch-bar">
      <h2 id="ladder-title">The ladder: what crosses</h2>
      <button id="ladder-freeze" aria-pressed="false">Freeze</button>
      <button id="ladder-back" aria-label="The arrow before">▲</button>
      <button id="ladder-on" aria-label="The arrow after">▼</button>
      <button id="wire-cut">Cut my connections</button>
    </div>
    <p id="wire-state" class="notice" role="status"></p>
    <div class="lane-names" aria-hidden="true"><span>browser</span><span>server</span></div>
    <div class="ladder-scroll" tabindex="0" role="region" aria-label="The ladder, drawn; the list that follows says the same">
      <p class="ladder-empty">Nothing has crossed yet. Do the step that is marked: each request and each answer is drawn here, as an arrow.</p>
    </div>
    <ol class="ladder-list visually-hidden" aria-label="What crossed, in words"></ol>
  </section>
  <section class="wire" id="wire-part" aria-labelledby="wire-title">
    <div class="watch-bar">
      <h2 id="wire-title">The bytes</h2> <span class="wire-totals">nothing yet</span>
      <button id="wire-newest" hidden></button>
      <button id="wire-close">Close</button>
    </div>
    <p class="wire-note notice" role="status"></p>
    <ol class="wire-list" tabindex="0" aria-label="The bytes that passed"></ol>
  </section>`;

const NO_WIRE = "The bytes are not shown: this server was started with --no-wire.";

/** Pages and their files are not what the lesson is about. */
const isFile = (target) => /\.(js|css|svg|png|ico|html)(\?|$)|\/(\?|#|$)|^\/source\//.test(target);
const isIo = (target) => /^\/(engine|socket)\.io\//.test(target);

/** Whether a crossing belongs to this page: the page's own requests name it in `Referer`; a WebSocket's has none. */
function belongs({ target = "", referer }) {
  if (isFile(target) && !isIo(target)) return false;
  if (!referer) return true;
  return new URL(referer).pathname === location.pathname;
}

class WireView {
  /** `on` is told what crossed, what the reader picked, and which marks of the text were pressed. */
  constructor(box, on) {
    Object.assign(this, { box, on });
    /** From the page's time to the ladder's, in seconds; as the first server that answers has it. */
    this.offset = null;
    // A server that starts anew counts its time from 0 again. The ladder's goes on.
    this.shift = 0;
    this.without = false;
    /** Since when, in the ladder's time, the reader is at this stop. */
    this.from = 0;
    this.marks = [...document.querySelectorAll("[data-wire]")];
    this.ladder = new LiveLadder(box.querySelector(".ladder"), { clock: () => this.clock(), pick: (crossing) => this.picked(crossing) });
    this.wire = new ByteList(box.querySelector(".wire"), {
      pointers: this.marks.map((mark) => mark.dataset.wire),
      came: (crossing) => this.pointed(this.wire.pointed, crossing),
    });
    this.connections = new Map();
    this.mine = new Map();
    this.buttons();
    for (const mark of this.marks) this.setUpMark(mark);
  }

  clock() {
    return performance.now() / 1000 + this.offset;
  }

  by(id) {
    return this.box.querySelector(`#${id}`);
  }

  buttons() {
    const toggle = (button, words, change) =>
      button.addEventListener("click", () => {
        const on = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", on);
        button.textContent = words[Number(on)];
        change(on);
      });
    toggle(this.by("ladder-freeze"), ["Freeze", "Go on"], (on) => this.ladder.freeze(on));
    this.by("ladder-back").addEventListener("click", () => this.ladder.step(-1));
    this.by("ladder-on").addEventListener("click", () => this.ladder.step(1));
    this.by("wire-cut").addEventListener("click", () => this.cut());
    this.by("wire-newest").addEventListener("click", () => this.follow());
    this.by("wire-close").addEventListener("click", () => {
      this.on.closed();
      this.follow();
    });
  }

  setUpMark(mark) {
    const button = document.createElement("button");
    button.className = "pointer";
    button.append(...mark.childNodes);
    button.addEventListener("click", () => this.point(mark.dataset.wire, mark.querySelector("code")?.textContent));
    mark.append(button);
  }

  say(words) {
    if (this.by("wire-state").textContent !== words) this.by("wire-state").textContent = words;
  }

  cut() {
    this.follow();
    if (!this.ask("cut")) this.say("not cut: the view has no connection itself");
  }

  /** Back from an arrow or a part that was looked at, to what crosses now. */
  follow() {
    this.wire.follow();
    this.ladder.follow();
    if (!this.without) this.say("");
  }

  /** The reader is at another stop. */
  arrive() {
    this.from = this.clock();
    this.follow();
  }

  picked(crossing) {
    if (!this.without && !this.wire.choose(crossing)) this.say("its bytes are not kept any more");
    this.on.picked(crossing);
  }

  /** A step was done: what was held for it goes on, and what it was done by is marked. */
  evidence(crossing) {
    this.ladder.follow();
    if (!crossing) return;
    if (crossing.mark) this.ladder.mark(crossing.mark.group);
    if (!this.without) this.wire.choose(crossing);
  }

  point(name, words) {
    if (this.without) return;
    // What is not shown cannot be brought into sight.
    this.on.asked();
    const crossing = this.wire.point(name, words, this.from);
    if (crossing) this.pointed(name, crossing);
    else this.say("it will be marked when it passes");
  }

  /** What a mark of the text points at is there. */
  pointed(name, crossing) {
    this.wire.choose(crossing);
    if (crossing.mark) this.ladder.show(crossing.mark.group);
    this.say("");
    this.on.marked(name);
  }

  /** Draws and lists one crossing. */
  crossed(crossing) {
    crossing.time = crossing.us / 1e6 + this.shift;
    this.ladder.add(crossing);
    if (crossing.kind !== "end") this.wire.add(crossing);
    this.on.crossed(crossing);
  }

  // From the server's tap.

  start() {
    this.ask = look({
      fault: (said) => this.on.fault(said),
      cut: (count) => this.say(`cut: ${counted(count, "connection")} of this browser, those that were idle, too`),
      hello: ({ now, connections }) => {
        const offset = now / 1e6 - performance.now() / 1000;
        const again = this.offset !== null;
        this.offset ??= offset;
        this.shift = this.offset - offset;
        this.box.classList.add("looking");
        this.on.looks();
        for (const { n, target } of connections) {
          this.connection(n, target);
          this.mine.set(n, belongs({ target }));
        }
        if (again && [...this.mine.values()].includes(true)) this.say("the page came back before this view, which did not see how");
      },
      passage: (passage) => this.passed(passage),
      lost: () => this.lost(),
      delay: (seconds) => this.ladder.layout.delay(seconds),
      state: (words) => this.say(words === "looking" ? "" : words),
    });
  }

  /** The server is gone, and all connections with it. Told once, until it is back. */
  lost() {
    if (!this.box.classList.contains("looking")) return;
    this.box.classList.remove("looking");
    const us = (performance.now() / 1000 + this.offset - this.shift) * 1e6;
    for (const connection of this.connections.values()) connection.take({ us, kind: "end", why: "" });
    this.connections.clear();
    this.mine.clear();
    this.crossed({ us, way: "end", kind: "cut", label: "the server is gone", parts: [], bytes: 0 });
  }

  connection(n, target) {
    const connection = new Connection(n, (crossing) => this.fromTap(crossing), target);
    this.connections.set(n, connection);
    return connection;
  }

  passed(passage) {
    if (passage.missed !== undefined) {
      for (const connection of this.connections.values()) connection.missed();
      this.on.missed();
      this.wire.note(`bytes passed ${passage.missed} times too fast to be told; the view goes on`);
      return;
    }
    const connection = this.connections.get(passage.n) ?? this.connection(passage.n);
    connection.take(passage);
    if (passage.kind === "end") {
      this.connections.delete(passage.n);
      this.mine.delete(passage.n);
    }
  }

  fromTap(crossing) {
    if (crossing.kind === "request") this.mine.set(crossing.n, belongs(crossing));
    if (this.mine.get(crossing.n)) this.crossed(crossing);
  }

  // From the page itself.

  startWithout() {
    this.without = true;
    this.box.classList.add("without");
    this.on.looks();
    this.say(NO_WIRE);
    this.by("wire-cut").disabled = true;
    this.by("ladder-title").append(" (as the page sees it)");
    let asked = 0;
    let told = 0;
    const cross = (way, kind, label, id) => {
      const us = performance.now() * 1000;
      const crossing = { n: 1, us, time: us / 1e6, way, kind, label, parts: [], bytes: 0, id };
      this.ladder.add(crossing);
      this.on.crossed(crossing);
    };
    addEventListener("panel-request", () => {
      asked += 1;
      cross("up", "request", `request ${asked}`);
    });
    addEventListener("panel-message", ({ detail }) => {
      told = asked;
      cross("down", "message", detail, detail);
    });
    // Behind the messages of an answer.
    addEventListener("panel-answer", () => {
      if (told < asked) cross("down", "empty", "nothing new");
    });
  }
}

/** Puts the ladder and the bytes onto the stage. */
export function setUpWireView(stage, on) {
  const box = document.createElement("div");
  box.className = "watch";
  box.innerHTML = TEMPLATE;
  stage.append(box);
  const view = new WireView(box, on);
  const wire = document.querySelector("meta[name=wire]")?.content ?? "off";
  if (wire === "on") view.start();
  else view.startWithout();
  return view;
}
