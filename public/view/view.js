// The lesson view: what stands around every lesson's text and demo.

import { keep, progressOf } from "./progress.js";
import { Line } from "./stops.js";
import { Stage } from "./stage.js";
import { Steps } from "./steps.js";
import { setUpCommands } from "./commands.js";
import { setUpTries } from "./try.js";
import { setUpWireView } from "./wire-view.js";

const lesson = document.querySelector(".lesson");
const demo = document.querySelector(".stage");
if (!demo) lesson.classList.add("no-stage");
let steps = null;
let view = null;
const watchers = [];

/** A lesson's conditions for its steps; see steps.js. */
export const defineSteps = (conditions) => steps?.define(conditions);

/** `watcher.crossed(crossing)` is told of all that crosses this page's connections, `watcher.missed()` that some of it was not told. */
export const watchCrossings = (watcher) => watchers.push(watcher);

let seesAll = () => {};
/** Done when the view of the bytes has begun to look, or at once where there is none: what a page opens after it is seen whole. */
export const looking = new Promise((done) => (seesAll = done));

/** Cuts this browser's connections, as the button of the ladder does. */
export const cutConnections = () => view?.cut();

/** `told({fault, seconds, restarted, error})` is told what the server says of a fault that was asked for. */
export const watchFaults = (told) => (tellOfFault = told);
let tellOfFault = () => {};

/** Asks the server for a fault of this browser's connections; `calm` ends it; `restart` restarts the server for it. Whether it could be asked. */
export const askForFault = (word) => view?.ask?.(word) ?? false;

/** A table that is wider than the screen says that it scrolls. */
function tellOfWideTables() {
  for (const table of document.querySelectorAll(".text .table")) {
    table.classList.toggle("wide", table.scrollWidth > table.clientWidth + 8);
  }
}

function setUpStops() {
  const stage = demo && new Stage(lesson, demo);
  const name = location.pathname.split("/")[1];
  view =
    demo &&
    setUpWireView(demo, {
      crossed: (crossing) => {
        steps.crossed(crossing);
        for (const watcher of watchers) watcher.crossed(crossing);
      },
      looks: seesAll,
      missed: () => {
        for (const watcher of watchers) watcher.missed();
      },
      picked: (crossing) => {
        stage.askForBytes();
        steps.picked(crossing);
      },
      closed: () => stage.askForBytes(false),
      asked: () => stage.askForBytes(),
      marked: (mark) => steps.marked(mark),
      fault: (said) => tellOfFault(said),
    });
  const finished = () => {
    const { finished } = progressOf(name);
    const stop = line.shown;
    if (!stop.dataset.branchOf && steps.allDone(stop) && !finished.includes(stop.id)) finished.push(stop.id);
    const still = finished.filter((id) => line.stops.some((stop) => stop.id === id && steps.allDone(stop)));
    keep(name, { finished: still, at: stop.id });
    line.finished(still);
  };
  steps = new Steps(lesson, demo, { changed: finished, evidence: (crossing) => view?.evidence(crossing) });
  const line = new Line(lesson, (stop) => {
    stage?.set(stop);
    view?.arrive();
    steps.arrive(stop);
    finished();
    tellOfWideTables();
  });
  line.toAddress();
  addEventListener("keydown", (event) => {
    if (event.key !== "n" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, textarea")) return;
    event.preventDefault();
    steps.focusNext();
  });
}

if (!lesson.classList.contains("whole")) setUpStops();
setUpCommands();
setUpTries();
tellOfWideTables();
addEventListener("resize", tellOfWideTables);
