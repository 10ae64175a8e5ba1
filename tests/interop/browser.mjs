// A real Chromium for the tests, and pages that load the official client.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { existsSync, readFileSync } from "node:fs";
import { once } from "node:events";
import { chromium } from "playwright-core";

const PROGRAM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"];

const CLIENT = readFileSync(new URL("node_modules/socket.io-client/dist/socket.io.js", import.meta.url), "utf8");
const PAGE = '<!doctype html><meta charset="utf-8"><title>Official client</title><script src="/official.js"></script>';
const ICON = '<link rel="icon" href="data:,">';

/** One browser for a whole file; the caller closes it. */
export async function launch() {
  assert.ok(
    existsSync(PROGRAM),
    `Chromium is missing: there is no ${PROGRAM} (Debian: apt-get install chromium; or set CHROMIUM)`,
  );
  return chromium.launch({ executablePath: PROGRAM, args: ARGUMENTS });
}

/** An empty page, in a window of its own; what it complains about is in `complaints`. */
export async function blank(t, browser) {
  const context = await browser.newContext({ bypassCSP: true });
  t.after(() => context.close());
  const page = await context.newPage();
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  return page;
}

/** A page from the server's own origin with the official client as `io`. */
export async function ownPage(t, browser, server) {
  const page = await blank(t, browser);
  // What the server says of a page that it does not have: no script of its own
  // is in it. (Chromium takes a page that Playwright makes up with `route` for
  // one from the Internet, and lets it open no WebSocket to this machine.)
  const answer = await page.goto(`${server.origin}/no-such-page`);
  assert.equal(answer.status(), 404);
  assert.equal(await page.evaluate(() => location.origin), server.origin);
  await page.addScriptTag({ content: CLIENT });
  return page;
}

/** A server for the same page on an origin of its own; gives that origin. */
export async function foreignOrigin(t) {
  const http = createServer((request, response) => {
    const script = request.url === "/official.js";
    response.setHeader("Content-Type", script ? "text/javascript" : "text/html; charset=utf-8");
    response.end(script ? CLIENT : PAGE + ICON);
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => {
    http.close();
    http.closeAllConnections();
  });
  return `http://127.0.0.1:${http.address().port}`;
}
