// Tabs as the ARIA Authoring Practices describe them. The selected tab alone is in the tab order; the arrow keys,
// Home and End go to the others. One panel belongs to all of them.

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

/** Makes tabs of the `role=tab` buttons in `list`. `selected` is given the tab that was chosen. */
export function setUpTabs(list, selected) {
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const panel = document.getElementById(tabs[0].getAttribute("aria-controls"));

  function select(tab) {
    for (const each of tabs) {
      each.setAttribute("aria-selected", each === tab);
      each.tabIndex = each === tab ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", tab.id);
    selected(tab);
  }

  function move(event) {
    const at = tabs.indexOf(event.target);
    let to;
    if (event.key in STEPS) to = tabs.at((at + STEPS[event.key]) % tabs.length);
    else if (event.key === "Home") to = tabs[0];
    else if (event.key === "End") to = tabs.at(-1);
    else return;
    event.preventDefault();
    to.focus();
    select(to);
  }

  for (const tab of tabs) {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", move);
  }
  select(tabs[0]);
}
