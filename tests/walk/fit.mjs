// Whether a stop fits its screen: what a step names is in view together with the step, no text is cut, and no label of the
// ladder lies on another.

import assert from "node:assert/strict";

/** What is wrong with the stop that is shown, while step `n` is the one to do, or (`done`) was just done. */
export async function fit(learner, id, n, done = false) {
  const wrong = await learner.page.evaluate(
    (id, n, done) => {
      const wrong = [];
      const stop = document.getElementById(id);
      const step = stop.querySelectorAll("ol.steps > li")[n];
      // Who reads a step has scrolled to it. What became of it comes into sight by itself.
      if (!done) step.scrollIntoView({ block: "nearest" });
      const box = (it) => it.getBoundingClientRect();
      const inside = (it, frame) => box(it).top >= box(frame).top - 2 && box(it).bottom <= box(frame).bottom + 2 && box(it).left >= -1 && box(it).right <= innerWidth + 1;
      const text = document.querySelector(".text");
      const stage = document.querySelector(".stage");
      const tall = box(step).height > box(text).height;
      if (!done && !tall && !inside(step, text)) wrong.push("the step is out of view");
      const evidence = step.querySelector(".seen");
      if (done && evidence.textContent && !inside(evidence, text)) wrong.push("the evidence is out of view");
      const control = document.querySelector(".now");
      if (control && stage.contains(control) && !inside(control, stage)) wrong.push(`${control.id || control.textContent} is out of view`);
      if (stage?.checkVisibility() && innerWidth < 1000 && box(stage).height > innerHeight / 2 + 1) wrong.push("the stage takes more than half of the height");
      for (const part of stage?.querySelectorAll(".demo-part:not(.off), .watch") ?? []) {
        if (part.checkVisibility() && part.scrollHeight > part.clientHeight + 2) wrong.push(`${part.id || part.className} is cut: ${part.scrollHeight} in ${part.clientHeight}`);
      }
      if (document.documentElement.scrollWidth > innerWidth) wrong.push("the page scrolls sideways");
      if (document.documentElement.scrollHeight > innerHeight + 1) wrong.push("the page itself scrolls");
      for (const log of stage?.querySelectorAll(".log") ?? []) {
        const newest = log.lastElementChild;
        if (log.checkVisibility() && newest && log.clientHeight > 0 && box(newest).bottom > box(log).bottom + 2 && box(newest).height < box(log).height) wrong.push(`the newest line of ${log.id} is out of view`);
      }
      const labels = [...document.querySelectorAll(".ladder text.label")].filter((it) => it.checkVisibility());
      for (const [at, label] of labels.entries()) {
        for (const other of labels.slice(at + 1, at + 6)) {
          const [a, b] = [box(label), box(other)];
          const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
          // By their lines: what a browser calls the box of a word is higher than the word.
          const down = Math.abs(label.getAttribute("y") - other.getAttribute("y"));
          if (across > 1 && down < 11) wrong.push(`"${label.textContent}" lies on "${other.textContent}"`);
        }
      }
      return wrong;
    },
    id,
    n,
    done,
  );
  assert.deepEqual(wrong, [], `#${id}, step ${n + 1}`);
}
