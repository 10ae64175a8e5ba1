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

/**
 * The same for PowerShell, where `curl` may be another program, a line goes on after a backtick, and not every version hands
 * double quotes on to a program: a body goes in by standard input.
 */
export function forPowerShell(command) {
  let all = command.replaceAll("\\\n", "`\n").replace(/^curl /gm, "curl.exe ");
  const body = /-d ('[^']*')/.exec(all);
  if (body) all = `${body[1]} | ${all.replace(body[0], '-d "@-"')}`;
  return all;
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

function button(words, text) {
  const it = document.createElement("button");
  it.textContent = words;
  it.addEventListener("click", () => {
    it.textContent = copy(text) ? "Copied" : "Select it by hand";
  });
  return it;
}

export function setUpCommands() {
  for (const block of document.querySelectorAll("pre.console, pre.sh")) {
    const text = block.classList.contains("sh") ? block.textContent.trim() : typed(block.textContent);
    const buttons = document.createElement("div");
    buttons.className = "copy";
    buttons.append(button("Copy", text));
    if (/Windows/.test(navigator.userAgent) && text.includes("curl ")) buttons.append(button("for PowerShell", text.split(/\n(?=curl )/).map(forPowerShell).join("\n")));
    const frame = document.createElement("div");
    frame.className = "command";
    block.replaceWith(frame);
    frame.append(block, buttons);
  }
}
