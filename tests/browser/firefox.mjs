/**
 * The main ways through in a stock Firefox, one after another, in one browser.
 *
 * usage: node firefox.mjs ADDRESS FIREFOX NAME INVITATION
 *
 * Whoever the other one is follows what is said here: one JSON object a line names what they have to do.
 * Exits with 1 and the reason when a step fails.
 */

import { mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const puppeteer = require("puppeteer-core");

const [address, executablePath, name, invitation] = process.argv.slice(2);
const WAIT = { timeout: 180_000 };
// A program, and two in another browser.
const OTHERS = 3;

const browser = await puppeteer.launch({
  browser: "firefox",
  protocol: "webDriverBiDi",
  executablePath,
  headless: true,
  extraPrefsFirefox: {
    "media.navigator.streams.fake": true,
    "media.navigator.permission.disabled": true,
    "media.autoplay.default": 0,
    "ui.prefersReducedMotion": 1,
  },
});
const page = await browser.newPage();

try {
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  for (const way of [account, chat, match, heartLink, call, farewell]) {
    await way().catch(async (error) => {
      const shown = await page.evaluate(() => document.body.innerText).catch(() => "nothing");
      throw new Error(`${way.name}: ${error.message}. On screen: ${shown}`, { cause: error });
    });
  }
  if (complaints.length > 0) throw new Error(`The console says: ${complaints.join("; ")}`);
  console.log("Firefox: all steps passed");
} finally {
  await browser.close();
}

async function account() {
  await page.goto(`${address}/register`);
  await type("name", name);
  await type("password", "correct horse battery");
  await page.click("form button[type=submit]");
  await sees("h1", `Hello, ${name}`);

  await page.goto(`${address}/me`);
  await type("nickname", "Fox");
  await type("bio", "Written in Firefox.");
  await page.click("form button[type=submit]");
  await sees(".toast", "Your profile is saved.");
  await page.reload();
  await sees(".identity-name", "Fox");
  await page.waitForFunction(() => document.querySelector('[name="bio"]')?.value === "Written in Firefox.", WAIT);
  await sees(".device-name", "Firefox on Linux");
}

/** Words, a file and a voice note, all of them there after a reload. */
async function chat() {
  const room = await ask("POST", "/api/v1/rooms", { title: "Den", kind: "meeting", capacity: 2 });
  await page.goto(`${address}/chat/${room.id}`);
  await (await found(".composer-words")).type("Said in Firefox.");
  await page.keyboard.press("Enter");
  await found(".message-mine .mark-sent");

  const file = join(mkdtempSync(join(tmpdir(), "fox-")), "plan.txt");
  writeFileSync(file, "planned in Firefox");
  await (await page.waitForSelector(".composer input[type=file]", WAIT)).uploadFile(file);
  await found(".chosen");
  await press("Send");
  await sees(".message-mine .file-name", "plan.txt");

  await (await found('[aria-label="Record a voice note"]')).click();
  await sees("[role=timer]", "0:01");
  await (await found('[aria-label="Send the note"]')).click();
  await found(".message-mine .voice .wave");
  await page.reload();
  await sees(".message-mine .words", "Said in Firefox.");
  await sees(".message-mine .file-name", "plan.txt");
  await found(".message-mine .voice .wave");
}

async function match() {
  await page.goto(`${address}/match`);
  await type("number", "2604");
  await press("Wait for the same number");
  await sees("[role=timer]", "");
  say({ number: "2604" });
  await sees("h2", "You have found Bob");
}

async function heartLink() {
  await page.goto(`${address}/heart-link`);
  await press("Find somebody who waits too");
  await sees("[role=timer]", "");
  say({ heart: true });
  await press("Yes, open a room");
  await sees("a", "Call");
}

async function call() {
  await page.goto(invitation);
  await press("Come in as Fox");
  await press("Join the call");
  await found(".mirror video");
  await press("I agree to be checked");
  await press("Join the call");
  await inCall();
  say({ come: true });
  await seesOthers();
  await found('.tile:not(.tile-self)[data-speaking="true"]');

  await page.keyboard.press("m");
  await found('[aria-label="Unmute microphone"]');
  await page.keyboard.press("m");
  await page.keyboard.press("v");
  await sees(".tile-self", "Your camera is off");
  await page.keyboard.press("v");
  await found('[aria-label="Switch camera off"]');

  await page.evaluate(screenOf);
  await page.keyboard.press("d");
  await sees(".banners", "You are sharing your screen.");
  say({ screen: "Screen of Fox" });
  await found(".tile:not(.tile-self) .tile-hand");
  say({ cut: true });
  await sees(".banners", "The connection is cut.");
  await inCall();
  await seesOthers();

  say({ challenge: (await ask("GET", "/api/v1/me")).id });
  await sees("dialog.challenge", "A host of this call asks you for it.");
  await press("Begin");
  await page.waitForFunction(() => document.querySelector(".challenge-light")?.style.backgroundColor.startsWith("rgb("), WAIT);
  await press("Stop");
  await page.waitForFunction(() => document.querySelector("dialog.challenge") === null, WAIT);

  await page.click(".round-leave");
  await sees("h1", "You have left the call");
}

async function farewell() {
  await page.goto(`${address}/me`);
  await (await found(".identity .button-danger")).click();
  await sees("h1", "A place of your own to meet");
  await page.goto(`${address}/me`);
  await sees("h1", "Sign in");
}

function inCall() {
  return found('.stage[data-state="in"]');
}

/** Without a head there is no screen to choose: a canvas that changes stands for it. */
function screenOf() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
  const brush = canvas.getContext("2d");
  setInterval(() => {
    brush.fillStyle = `hsl(${performance.now() % 360} 60% 50%)`;
    brush.fillRect(0, 0, canvas.width, canvas.height);
  }, 100);
  MediaDevices.prototype.getDisplayMedia = async () => canvas.captureStream();
}

/** What each of the others sends is shown in a tile of its own, and new pictures come to it. */
async function seesOthers() {
  const shown = ".tile:not(.tile-self) video";
  await page.waitForFunction((wanted, count) => document.querySelectorAll(wanted).length === count, WAIT, shown, OTHERS);
  for (const video of await page.$$(shown)) {
    await video.evaluate(async (element) => {
      for (let count = 0; count < 5; count += 1) await new Promise((drawn) => element.requestVideoFrameCallback(drawn));
    });
  }
}

/** Tell the other one what to do. */
function say(what) {
  console.log(JSON.stringify(what));
}

/** An element that can be seen. */
function found(selector) {
  return page.waitForSelector(selector, { ...WAIT, visible: true });
}

/** Ask the server as the page would. */
function ask(method, path, body) {
  const asked = async (how, where, what) => {
    const headers = { "Content-Type": "application/json" };
    return (await fetch(where, { method: how, headers, body: what })).json();
  };
  return page.evaluate(asked, method, path, JSON.stringify(body));
}

/** Press the button, the link or the label that says so, once it is there. */
async function press(words) {
  const wanted = await page.waitForFunction(
    (text) => [...document.querySelectorAll("button, a, label")].find((one) => one.checkVisibility() && one.innerText.trim() === text),
    WAIT,
    words,
  );
  await wanted.click();
}

/** Write into the field of that name, in place of what it holds. */
async function type(field, words) {
  const input = await found(`[name="${field}"]`);
  await input.click();
  await input.evaluate((element) => element.select());
  await input.type(words);
}

/** Wait until the words are on the screen in such an element. */
function sees(selector, words) {
  return page.waitForFunction(
    (wanted, text) => [...document.querySelectorAll(wanted)].some((one) => one.checkVisibility() && one.innerText.includes(text)),
    WAIT,
    selector,
    words,
  );
}
