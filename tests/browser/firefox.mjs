/**
 * The main way through in a stock Firefox: register, change the profile, reload, chat, sign out.
 *
 * usage: node firefox.mjs ADDRESS FIREFOX NAME; exits with 1 and the reason when a step fails.
 */

import { createRequire } from "node:module";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const puppeteer = require("puppeteer-core");

const [address, executablePath, name] = process.argv.slice(2);
const WAIT = { timeout: 20_000 };

const browser = await puppeteer.launch({
  browser: "firefox",
  protocol: "webDriverBiDi",
  executablePath,
  headless: true,
});

try {
  const page = await browser.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));

  await page.goto(`${address}/register`);
  await type(page, "name", name);
  await type(page, "password", "correct horse battery");
  await page.click("form button[type=submit]");
  await sees(page, "h1", `Hello, ${name}`);

  await page.goto(`${address}/me`);
  await type(page, "nickname", "Fox");
  await type(page, "bio", "Written in Firefox.");
  await page.click("form button[type=submit]");
  await sees(page, ".toast", "Your profile is saved.");

  await page.reload();
  await sees(page, ".identity-name", "Fox");
  await holds(page, "bio", "Written in Firefox.");
  await sees(page, ".device-name", "Firefox on Linux");

  const room = await page.evaluate(async () => {
    const wish = { title: "Den", kind: "meeting", capacity: 2 };
    const headers = { "Content-Type": "application/json" };
    const made = await fetch("/api/v1/rooms", { method: "POST", headers, body: JSON.stringify(wish) });
    return (await made.json()).id;
  });
  await page.goto(`${address}/chat/${room}`);
  const words = await page.waitForSelector(".composer-words", WAIT);
  await words.type("Said in Firefox.");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".message-mine .mark-sent", WAIT);
  await page.reload();
  await sees(page, ".message-mine .words", "Said in Firefox.");

  await page.goto(`${address}/me`);
  await page.waitForSelector(".identity .button-danger", WAIT);
  await page.click(".identity .button-danger");
  await sees(page, "h1", "A place of your own to meet");
  await page.goto(`${address}/me`);
  await sees(page, "h1", "Sign in");

  if (complaints.length > 0) throw new Error(`The console says: ${complaints.join("; ")}`);
  console.log("Firefox: all steps passed");
} finally {
  await browser.close();
}

/** Write into the field of that name, in place of what it holds. */
async function type(page, field, words) {
  const input = await page.waitForSelector(`[name="${field}"]`, WAIT);
  await input.click();
  await input.evaluate((element) => element.select());
  await input.type(words);
}

/** Wait until the words are on the screen in such an element. */
async function sees(page, selector, words) {
  await page
    .waitForFunction(
      (wanted, text) =>
        [...document.querySelectorAll(wanted)].some(
          (element) => element.checkVisibility() && element.innerText.includes(text),
        ),
      WAIT,
      selector,
      words,
    )
    .catch(async (error) => {
      const shown = await page.evaluate(() => document.body.innerText);
      throw new Error(`"${words}" is not in ${selector}. On screen: ${shown}`, { cause: error });
    });
}

/** Wait until the field holds the words. */
async function holds(page, field, words) {
  await page.waitForFunction(
    (wanted, text) => document.querySelector(`[name="${wanted}"]`)?.value === text,
    WAIT,
    field,
    words,
  );
}
