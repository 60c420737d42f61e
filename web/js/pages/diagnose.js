/** The self-test: what a call needs, step by step, with what to do where something is missing. */

import { signal } from "@preact/signals";
import { api, pages, withNext } from "../addresses.js";
import { surroundings } from "../call/surroundings.js";
import { CHECKS } from "../diagnose/checks.js";
import { text } from "../i18n.js";
import { RoomLine } from "../protocol/room-line.js";
import { makeRoomAt, myRooms } from "../rooms.js";
import { me } from "../session.js";
import { Button } from "../ui/button.js";
import { Card } from "../ui/card.js";
import { html } from "../ui/html.js";
import { Icon } from "../ui/icons.js";
import { open } from "../ui/shell.js";
import { announce } from "../ui/toast.js";
import { madeTracks } from "./diagnose/made-tracks.js";

/** @typedef {import("../diagnose/checks.js").Result} Result */

/** A name that nobody else can have, and that is the same next time. @param {string} identity */
const ownRoom = (identity) => `self-test-${identity}`;

const results = signal(/** @type {ReadonlyMap<string, Result>} */ (new Map()));
const running = signal(/** @type {string | null} */ (null));

async function readiness() {
  const response = await fetch(api.readiness, { cache: "no-store" });
  const { ready, checks } = await response.json();
  return { ready, checks, date: response.headers.get("Date") };
}

async function run() {
  if (running.value !== null) return;
  results.value = new Map();
  running.value = "browser";
  const identity = me.value?.id ?? "";
  const made = madeTracks();
  const stay = new RoomLine(ownRoom(identity), surroundings());
  /** @type {import("../diagnose/checks.js").Scene} */
  const scene = { line: stay.line, identity, make: made.tracks, readiness, open: [] };
  try {
    await haveRoom(identity);
    stay.open();
    for (const [name, check] of Object.entries(CHECKS)) {
      running.value = name;
      const found = await check(scene).catch(() => /** @type {Result} */ ({ state: "fail", words: "failed" }));
      results.value = new Map(results.value).set(name, found);
    }
  } catch {
    results.value = new Map(results.value).set("server", { state: "fail", words: "away" });
  } finally {
    for (const path of scene.open) path.close();
    made.stop();
    stay.leave();
    running.value = null;
  }
}

/** It is there from the last time, or made now. @param {string} identity */
async function haveRoom(identity) {
  const mine = await myRooms();
  if (mine.some((room) => room.id === ownRoom(identity))) return;
  await makeRoomAt(ownRoom(identity), text("diagnose.title"));
}

/** @param {string} name @param {Result} found */
const sentence = (name, { words, values }) => text(`check.${name}.${words}`, values);

function report() {
  const lines = [...results.value].map(([name, found]) => `${found.state}  ${text(`check.${name}`)}: ${sentence(name, found)}`);
  return [`Candor, ${new Date().toISOString()}`, navigator.userAgent, ...lines].join("\n");
}

const copy = () => navigator.clipboard.writeText(report()).then(() => announce(text("diagnose.copied")), () => {});

function Diagnose() {
  const isGuest = me.value?.role === "guest";
  const isDone = running.value === null && results.value.size > 0;
  return html`<div class="narrow narrow-wide">
    <${Card} title=${text("diagnose.title")} lead=${text(isGuest ? "diagnose.guests" : "diagnose.lead")}>
      <div class="stack">
        ${!isGuest && html`<div class="row">
          <${Button} kind="primary" busy=${running.value !== null} onClick=${run}>${text("diagnose.begin")}</${Button}>
          ${isDone && html`<${Button} onClick=${copy}><${Icon} name="copy" />${text("diagnose.copy")}</${Button}>`}
        </div>`}
        <ol class="checks" aria-live="polite" aria-busy=${running.value !== null}>
          ${Object.keys(CHECKS).map((name) => html`<${Step} key=${name} name=${name} found=${results.value.get(name) ?? null} isRunning=${running.value === name} />`)}
        </ol>
      </div>
    </${Card}>
  </div>`;
}

const SIGNS = /** @type {const} */ ({ pass: "check", warn: "warning", fail: "close" });

/** @param {{name: string, found: Result | null, isRunning: boolean}} properties */
function Step({ name, found, isRunning }) {
  const state = found?.state ?? (isRunning ? "running" : "open");
  return html`<li class="check-step check-${state}" data-check=${name} data-state=${state}>
    <${Icon} name=${found === null ? "time" : SIGNS[found.state]} />
    <div>
      <strong>${text(`check.${name}`)}</strong>
      <span class="badge">${text(`check.state.${state}`)}</span>
      ${found !== null && html`<p class="lead">${sentence(name, found)}</p>`}
    </div>
  </li>`;
}

open({
  title: "diagnose.title",
  content: Diagnose,
  elsewhere: (profile) => (profile === null ? withNext(pages.login, pages.diagnose) : null),
});
