// The steps of a lesson, ticked off by the reader, and kept in the browser.

const KEY = "poll-to-push steps";

/** `{"5-sse": {done: [0, 3], of: 12}}` */
export function progress() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    // A browser that keeps nothing, or something that is not ours.
    return {};
  }
}

function keep(lesson, done, of) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...progress(), [lesson]: { done, of } }));
  } catch {
    // The ticks hold until the page is left.
  }
}

/** The list items of the section "Do this, see that". */
function stepItems() {
  const items = [];
  let place = document.getElementById("do-this-see-that")?.nextElementSibling;
  for (; place && place.localName !== "h2"; place = place.nextElementSibling) {
    if (place.localName === "ol") items.push(...place.children);
  }
  return items.filter(({ localName }) => localName === "li");
}

export function setUpSteps() {
  const items = stepItems();
  if (items.length === 0) return;
  const lesson = location.pathname.split("/")[1];
  let done = new Set(progress()[lesson]?.done);
  const count = document.createElement("p");
  count.className = "step-count";
  count.setAttribute("role", "status");
  const tell = () => {
    count.textContent = `${[...done].filter((n) => n < items.length).length} of ${items.length} steps done`;
  };
  items.forEach((item, n) => {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = done.has(n);
    box.setAttribute("aria-label", `Step ${n + 1} is done`);
    box.addEventListener("change", () => {
      // Another tab of this lesson may have ticked some meanwhile.
      done = new Set(progress()[lesson]?.done ?? done);
      if (box.checked) done.add(n);
      else done.delete(n);
      keep(lesson, [...done].sort((a, b) => a - b), items.length);
      tell();
    });
    label.className = "tick";
    label.append(box);
    item.classList.add("step");
    item.parentElement.classList.add("steps");
    item.prepend(label);
  });
  // So that the home page knows how many there are.
  keep(lesson, [...done], items.length);
  document.getElementById("do-this-see-that").after(count);
  tell();
}
