// Commands to be copied: what is typed, without the signs before it and without what the machine says.

/** The commands of a block as one would type them. */
export function typed(text) {
  const lines = [];
  let goesOn = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("$ ")) lines.push(line.slice(2));
    else if (goesOn) lines.push(line);
    else continue;
    goesOn = line.endsWith("\\");
  }
  return lines.join("\n");
}

/** `navigator.clipboard` is there on HTTPS and localhost only, and a class opens these pages from elsewhere. */
function copy(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

export function setUpCommands() {
  for (const block of document.querySelectorAll("pre.console, pre.sh")) {
    const text = block.classList.contains("sh") ? block.textContent.trim() : typed(block.textContent);
    const button = document.createElement("button");
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", () => {
      button.textContent = copy(text) ? "Copied" : "Select it by hand";
    });
    const frame = document.createElement("div");
    frame.className = "command";
    block.replaceWith(frame);
    frame.append(block, button);
  }
}
