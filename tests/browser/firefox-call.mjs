/**
 * A call in a stock Firefox: it is seen and heard by a program, and sees and hears it.
 *
 * usage: node firefox-call.mjs ADDRESS FIREFOX NAME
 *
 * Says a room and an invitation on one line, so that a program can come in; exits with 1 and the reason
 * when a step fails.
 */

import { createRequire } from "node:module";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const puppeteer = require("puppeteer-core");

const [address, executablePath, name] = process.argv.slice(2);
const WAIT = { timeout: 60_000 };

const browser = await puppeteer.launch({
  browser: "firefox",
  protocol: "webDriverBiDi",
  executablePath,
  headless: true,
  extraPrefsFirefox: {
    "media.navigator.streams.fake": true,
    "media.navigator.permission.disabled": true,
    "media.autoplay.default": 0,
  },
});

try {
  const page = await browser.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));

  await page.goto(`${address}/register`);
  await (await page.waitForSelector('[name="name"]', WAIT)).type(name);
  await (await page.waitForSelector('[name="password"]', WAIT)).type("correct horse battery");
  await page.click("form button[type=submit]");
  await press(page, "New call");
  await page.waitForSelector(".mirror video", WAIT);
  await press(page, "Join the call");
  await page.waitForSelector('.stage[data-state="in"]', WAIT);

  const room = decodeURIComponent(new URL(page.url()).pathname.split("/")[2]);
  const path = await page.evaluate(async (where) => {
    const headers = { "Content-Type": "application/json" };
    const reply = await fetch(`/api/v1/rooms/${where}/invitations`, { method: "POST", headers, body: "{}" });
    return (await reply.json()).path;
  }, room);
  console.log(JSON.stringify({ room, path }));

  // Whatever the program sends is shown in a tile of its own, moves, and is heard.
  await page.waitForFunction(
    () =>
      [...document.querySelectorAll(".tile:not(.tile-self) .tip")].some((tip) =>
        /Picture: \d+ × \d+, [1-9]/.test(tip.textContent),
      ),
    WAIT,
  );
  await page.waitForSelector('.tile:not(.tile-self)[data-speaking="true"]', WAIT);
  await page.waitForFunction(() => document.querySelector(".bar-button[aria-keyshortcuts=M]"), WAIT);
  await page.keyboard.press("m");
  await page.waitForSelector('[aria-label="Unmute microphone"]', WAIT);
  await page.click(".round-leave");
  await page.waitForFunction(() => document.body.innerText.includes("You have left the call"), WAIT);
  if (complaints.length > 0) throw new Error(`The console says: ${complaints.join("; ")}`);
  console.log("Firefox: all steps passed");
} finally {
  await browser.close();
}

/** Press the button or link that says so, once it is there. */
async function press(page, words) {
  const wanted = await page.waitForFunction(
    (text) => [...document.querySelectorAll("button, a")].find((one) => one.checkVisibility() && one.innerText.trim() === text),
    WAIT,
    words,
  );
  await wanted.click();
}
