// The parts that the demos have in common, as elements: a page says <status-panel> and gets the rows that panel.js fills.

const element = (tag, attributes, ...inside) => {
  const it = Object.assign(document.createElement(tag), attributes);
  it.append(...inside);
  return it;
};

function row(label, id, value, live = false) {
  const shown = element("dd", { id }, value);
  if (live) shown.setAttribute("aria-live", "polite");
  return element("div", {}, element("dt", {}, label), shown);
}

/**
 * <status-panel state="…" last-id="…" requests="…" bytes="…" at-first="…">: what the technique does now, in numbers. The
 * attributes are labels, but for the state's first words. `quiet`: the state changes too often to be read aloud. What
 * stands inside comes behind these rows.
 */
class StatusPanel extends HTMLElement {
  connectedCallback() {
    if (this.querySelector("dl")) return;
    const label = (name, usual) => this.getAttribute(name) ?? usual;
    const rows = [
      row(label("state", "state"), "state", label("at-first", "stopped"), !this.hasAttribute("quiet")),
      row(label("last-id", "last id"), "last-id", "none yet"),
      row(label("requests", "requests made"), "requests", "0"),
      row(label("bytes", "bytes received"), "bytes", "0"),
    ];
    this.replaceChildren(element("dl", { className: "status" }, ...rows, ...this.children));
  }
}

/** <message-log label="…">: a notice, and below it what arrived, the newest last. */
class MessageLog extends HTMLElement {
  connectedCallback() {
    if (this.querySelector("ol")) return;
    const notice = element("p", { id: "error", className: "notice" });
    notice.setAttribute("role", "status");
    const log = element("ol", { id: "log", className: "log", tabIndex: 0 });
    log.setAttribute("aria-live", "polite");
    log.setAttribute("aria-label", this.getAttribute("label") ?? "What arrived");
    this.replaceChildren(notice, log);
  }
}

/** <chat-form button="…" disabled>: a name, a text, and a button. What stands inside comes before the button. */
class ChatForm extends HTMLElement {
  connectedCallback() {
    if (this.querySelector("form")) return;
    const name = element("input", { id: "name", size: 9, maxLength: 20, autocomplete: "off" });
    const text = element("input", { id: "text", autocomplete: "off", required: true });
    const send = element("button", { id: "send", disabled: this.hasAttribute("disabled") }, this.getAttribute("button") ?? "Send");
    const form = element(
      "form",
      { id: "chat", className: "row" },
      element("label", {}, "Name ", name),
      element("label", { className: "grow" }, "Message ", text),
      ...this.children,
      send,
    );
    this.replaceChildren(form);
  }
}

customElements.define("status-panel", StatusPanel);
customElements.define("message-log", MessageLog);
customElements.define("chat-form", ChatForm);
