// Starts the server under test, or the reference, as a process of its own.
//
// SERVER=reference      npm's own socket.io, see reference.mjs
// SERVER=path           a binary; without it ../../target/debug/lesson7

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { resolve } from "node:path";

const here = fileURLToPath(new URL(".", import.meta.url));
/** The server under test: `reference`, or a binary. */
export const chosen = process.env.SERVER ?? "../../target/debug/lesson7";

/** Whether npm's server is tested instead of ours. */
export const isReference = chosen === "reference";

const commandOf = (which) => which === "reference"
  ? [process.execPath, resolve(here, "reference.mjs")]
  : [resolve(here, which)];

const LISTENS = /http:\/\/localhost:(\d+)\//;
const START_LIMIT = 20_000;
const STOP_LIMIT = 20_000;

/** A running server. Whoever starts it ends it, with `stop` or `kill`. */
export class Server {
  #child;
  #ended;
  #output = "";
  #options;
  #command;

  /** `which` is a binary, or `reference`; without it, the one under test. */
  constructor(options, which = chosen) {
    this.#options = options;
    this.#command = commandOf(which);
  }

  /** Starts it on a free port, or again on the port that it had. */
  async start() {
    const [program, ...first] = this.#command;
    assert.ok(existsSync(program), `no server under test: ${program} is missing`);
    const options = ["--port", String(this.port ?? 0), ...this.#options];
    const child = spawn(program, [...first, ...options], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    this.#ended = new Promise((done) => {
      child.once("error", (error) => done({ error }));
      child.once("close", (code, signal) => done({ code, signal }));
    });
    let fail;
    const started = new Promise((done, failed) => {
      fail = failed;
      let text = "";
      child.stdout.on("data", (chunk) => {
        text += chunk;
        const port = LISTENS.exec(text)?.[1];
        if (port) done(Number(port));
      });
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => (this.#output += chunk));
    }
    this.#ended.then((end) => fail(new Error(`it ended: ${JSON.stringify(end)}\n${this.#output}`)));
    const limit = setTimeout(() => fail(new Error(`it does not listen:\n${this.#output}`)), START_LIMIT);
    try {
      this.port = await started;
    } finally {
      clearTimeout(limit);
    }
    return this;
  }

  get origin() {
    return `http://localhost:${this.port}`;
  }

  /** Ends it with no farewell. */
  async kill() {
    this.#child.kill("SIGKILL");
    await this.#ended;
    assert.doesNotMatch(this.#output, /panicked at/, "the server panicked");
  }

  /** Asks it to end, and checks that it does so in order. */
  async stop() {
    this.#child.kill("SIGTERM");
    const late = setTimeout(() => this.#child.kill("SIGKILL"), STOP_LIMIT);
    const end = await this.#ended;
    clearTimeout(late);
    assert.deepEqual(end, { code: 0, signal: null }, `the end after SIGTERM:\n${this.#output}`);
  }

  /** What our own server says of itself: {connections, threads, ...}. */
  async health() {
    const answer = await fetch(`${this.origin}/healthz`);
    assert.equal(answer.status, 200, "GET /healthz");
    return answer.json();
  }
}
