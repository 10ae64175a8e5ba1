// A course of its own, a browser, and a learner who does nothing but what the steps name.

import { execFile, spawn } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import puppeteer from "puppeteer-core";

const TOP = path.resolve(import.meta.dirname, "../..");
/** For what a step waits for: a code of lesson 1 gets too old after a minute. */
const STEP_MS = 75_000;
/** After so long without anything a learner tries a step once more. The longest that a step waits is 45 s. */
const PATIENCE_MS = 60_000;

/** Starts a program of the course on a port of its own, in a folder of its own with the data that a learner edits. */
export async function serve(program = "poll-to-push", ...options) {
  const folder = await mkdtemp(path.join(tmpdir(), "walk-course-"));
  await cp(path.join(TOP, "data"), path.join(folder, "data"), { recursive: true });
  const server = new Server(program, options, folder);
  await server.start(0);
  return server;
}

class Server {
  #child;
  #ended;

  constructor(program, options, folder) {
    Object.assign(this, { program, options, folder });
  }

  async start(port) {
    const child = spawn(path.join(TOP, "target/debug", this.program), ["--port", port, ...this.options], { cwd: this.folder, stdio: ["ignore", "pipe", "ignore"] });
    this.#child = child;
    this.#ended = new Promise((done) => child.on("exit", done));
    this.address = await new Promise((found, failed) => {
      let said = "";
      child.stdout.on("data", (data) => {
        said += data;
        const link = /http:\/\/localhost:\d+/.exec(said);
        if (link) found(link[0]);
      });
      child.on("exit", (code) => failed(new Error(`${this.program} ended with ${code}: ${said}`)));
    });
  }

  freeze() {
    this.#child.kill("SIGSTOP");
  }

  thaw() {
    this.#child.kill("SIGCONT");
  }

  /** As Ctrl-C does: the server says goodbye to everyone, and ends. */
  async interrupt() {
    this.#child.kill("SIGINT");
    await this.#ended;
  }

  async stop() {
    this.thaw();
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** Stops for good. */
  async done() {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  startAgain() {
    return this.start(new URL(this.address).port);
  }
}

const BROWSERS = {
  chromium: { browser: "chrome", executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"] },
  firefox: { browser: "firefox", executablePath: "/usr/bin/firefox-esr", args: [] },
};

/** Opens a browser over WebDriver BiDi, with a profile of its own. */
export async function browse(name, scheme = "light") {
  const profile = await mkdtemp(path.join(tmpdir(), `walk-${name}-`));
  const browser = await puppeteer.launch({ ...BROWSERS[name], protocol: "webDriverBiDi", headless: true, userDataDir: profile, extraPrefsFirefox: { "ui.systemUsesDarkTheme": Number(scheme === "dark") } });
  return {
    browser,
    async stop() {
      await browser.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const shell = promisify(execFile);

/** What a control is called, in the page. */
const nameOf = (it) => it.ariaLabel || it.labels?.[0]?.textContent.trim() || it.textContent.trim();

/** A page, and the learner at it. */
export class Learner {
  constructor(page) {
    this.page = page;
    this.said = [];
  }

  static async at(browser, url, { width = 1280, height = 900 } = {}) {
    const page = await browser.newPage();
    await page.setViewport({ width, height });
    const learner = new Learner(page);
    page.on("pageerror", (error) => learner.said.push(error.message));
    await page.goto(url);
    await page.waitForSelector("ol.steps > li.next, ol.steps > li.done, .lesson.no-stage");
    return learner;
  }

  /** The stops that have steps, in order: `[id, how many, is it on the main line]`. */
  stops() {
    return this.page.evaluate(() =>
      [...document.querySelectorAll(".stop")]
        .map((stop) => ({ id: stop.id, steps: stop.querySelectorAll("ol.steps > li").length, main: !stop.dataset.branchOf }))
        .filter(({ steps }) => steps > 0),
    );
  }

  /** How many words the main line has, code and all, and how many minutes the page says that it takes. */
  reading() {
    return this.page.evaluate(() => {
      const stops = [...document.querySelectorAll(".stop:not([data-branch-of])")].map((stop) => stop.cloneNode(true));
      for (const stop of stops) for (const it of stop.querySelectorAll("svg, .branches, .seen, .by-hand, .copy, .guess-choices")) it.remove();
      const words = stops.map((stop) => stop.textContent.split(/\s+/).filter(Boolean).length);
      return { words: words.reduce((a, b) => a + b), said: Number(/(\d+) min/.exec(document.querySelector(".far").textContent)?.[1]) };
    });
  }

  async goTo(id) {
    if (await this.page.evaluate((id) => !document.getElementById(id).hidden, id)) return;
    await this.looked(() => this.page.evaluate((id) => void (location.hash = id), id));
  }

  /** Makes the screen another one, and waits until the page has taken its new form. */
  async resize(screen) {
    await this.page.setViewport(screen);
    await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await this.looked(() => {});
  }

  /** What is to be done now: the step's state, and the control that is outlined. */
  now(id, n) {
    return this.page.evaluate(
      (id, n) => {
        const step = document.getElementById(id).querySelectorAll("ol.steps > li")[n];
        const control = document.querySelector(".now");
        return {
          done: step.classList.contains("done"),
          next: step.classList.contains("next"),
          evidence: step.querySelector(".seen").textContent,
          byHand: !step.querySelector(".by-hand").hidden,
          words: [...step.querySelectorAll("strong")].map((it) => it.textContent.trim()),
          control: control && (control.ariaLabel || control.labels?.[0]?.textContent.trim() || control.textContent.trim()),
        };
      },
      id,
      n,
    );
  }

  /** Uses the control that is outlined, as a step says it; not another one that is outlined meanwhile. */
  async use({ control, words }) {
    const handle = await this.page.$(".now");
    if (!handle) return;
    if ((await handle.evaluate(nameOf)) !== control) return handle.dispose();
    const kind = await handle.evaluate((it) => (it.localName === "input" ? it.type : it.localName));
    if (kind === "select") {
      const value = await handle.evaluate((it, words) => [...it.options].find((option) => words.includes(option.textContent.trim()) && !option.selected)?.value, words);
      if (value !== undefined) await handle.select(value);
    } else if (kind === "text" && (await handle.evaluate((it) => it.localName === "input"))) {
      await handle.evaluate((it) => it.select());
      await handle.type("hello");
    } else {
      await handle.click();
    }
    await handle.dispose();
  }

  /** Does step `n` of a stop. Gives its evidence; fails when it does not tick itself in time. */
  async step(id, n) {
    let deadline = performance.now() + STEP_MS;
    let again = performance.now() + PATIENCE_MS;
    for (;;) {
      const state = await this.act(id, n);
      if (state.done) return state.evidence;
      if (state.byHand) return this.byHand(id, n);
      // Nothing came of it, and nothing is outlined: who does not know on leaves the stop, comes back and tries again.
      if (state.control === null && performance.now() > again) {
        again = Infinity;
        deadline = performance.now() + STEP_MS;
        await this.goTo(await this.page.$eval(".stop", (first) => first.id));
        await this.goTo(id);
        continue;
      }
      if (performance.now() > deadline) throw new Error(`#${id}, step ${n + 1} did not tick itself; next is ${state.control}; ${this.said.join("; ")}`);
      await this.changed(id, n, state.control, Math.min(again, deadline) - performance.now());
    }
  }

  /** Uses one control after the other, as the page outlines them, until the last of them was used. */
  async act(id, n) {
    await this.looked(() => {});
    let last = null;
    for (;;) {
      const state = await this.now(id, n);
      if (state.done || state.byHand || !state.control || state.control === last) return state;
      await this.fits?.(id, n);
      await this.looked(() => this.use(state));
      last = state.control;
    }
  }

  /** Does something, and waits until the page has looked at its steps after it. */
  async looked(work) {
    await work();
    await this.page.evaluate(
      () =>
        new Promise((done) => {
          addEventListener("steps-looked", done, { once: true });
          // Asks for a look, in case nothing else does.
          document.dispatchEvent(new Event("input"));
        }),
    );
  }

  /** Waits until the step is done, or another control is next. */
  async changed(id, n, last, timeout) {
    const is = (id, n, last) => {
      const step = document.getElementById(id).querySelectorAll("ol.steps > li")[n];
      const control = document.querySelector(".now");
      const name = control && (control.ariaLabel || control.labels?.[0]?.textContent.trim() || control.textContent.trim());
      return step.classList.contains("done") || (name ?? null) !== last;
    };
    await this.page.waitForFunction(is, { timeout: Math.max(1, timeout), polling: 50 }, id, n, last).catch((error) => {
      if (error.name !== "TimeoutError") throw error;
    });
  }

  /** Whether clicks reach nothing, as if the controls were broken. */
  deaf(is) {
    return this.page.evaluate((is) => {
      window.swallow ??= (event) => event.stopImmediatePropagation();
      for (const type of ["click", "change", "input", "submit"]) {
        if (is) window.addEventListener(type, window.swallow, true);
        else window.removeEventListener(type, window.swallow, true);
      }
    }, is);
  }

  /** A command is run as it stands; the tick is set by hand. */
  async byHand(id, n) {
    const commands = await this.page.evaluate(
      (id, n) => [...document.getElementById(id).querySelectorAll("ol.steps > li")[n].querySelectorAll("pre.console")].map((it) => it.textContent),
      id,
      n,
    );
    for (const text of commands) {
      const typed = text.split("\n").reduce((all, line) => (line.startsWith("$ ") ? [...all, line.slice(2)] : all.at(-1)?.endsWith("\\") ? [...all, line] : all), []);
      await shell("bash", ["-c", typed.join("\n")], { timeout: STEP_MS }).catch((error) => {
        // A command that its own time limit ends.
        if (error.code !== 28) throw error;
      });
    }
    await this.page.evaluate((id, n) => document.getElementById(id).querySelectorAll("ol.steps > li")[n].querySelector(".by-hand input").click(), id, n);
    return "by hand";
  }
}
