/**
 * Real browsers on a line: opens pages in them and runs functions of those pages.
 *
 * usage: node browsers.mjs
 *
 * Each line of input is one request as JSON, and is answered by one line, in order:
 *
 *   {"open": "ada", "browser": "firefox", "path": "/usr/bin/firefox", "address": "http://..."}
 *   {"run": "publish('VP8')", "page": "ada"}
 *   {"close": "ada"}
 *
 * An answer is {"value": ...} or {"error": "..."}.  A browser is started when it is first used,
 * and all end at the end of input.
 */

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const puppeteer = require("puppeteer-core");

const KINDS = {
  chrome: {
    args: [
      "--no-sandbox",
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      "--autoplay-policy=no-user-gesture-required",
    ],
  },
  firefox: {
    protocol: "webDriverBiDi",
    extraPrefsFirefox: {
      "media.navigator.streams.fake": true,
      "media.navigator.permission.disabled": true,
      "media.autoplay.default": 0,
    },
  },
};

const browsers = new Map();
const pages = new Map();

const browserOf = async ({ browser, path }) => {
  if (!browsers.has(browser)) {
    const options = { browser, executablePath: path, headless: true, ...KINDS[browser] };
    browsers.set(browser, await puppeteer.launch(options));
  }
  return browsers.get(browser);
};

const answer = async (request) => {
  if ("open" in request) {
    const page = await (await browserOf(request)).newPage();
    pages.set(request.open, page);
    await page.goto(request.address);
    return null;
  }
  if ("close" in request) {
    await pages.get(request.close).close();
    pages.delete(request.close);
    return null;
  }
  return (await pages.get(request.page).evaluate(request.run)) ?? null;
};

try {
  for await (const line of createInterface({ input: process.stdin })) {
    const said = await answer(JSON.parse(line)).then(
      (value) => ({ value }),
      (error) => ({ error: String(error) }),
    );
    process.stdout.write(JSON.stringify(said) + "\n");
  }
} finally {
  for (const browser of browsers.values()) await browser.close();
}
