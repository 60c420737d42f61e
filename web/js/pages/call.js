/** A call: how one stands at its door, the lobby, the call itself, and how it ended. */

import { signal } from "@preact/signals";
import { pages, withNext } from "../addresses.js";
import { ApiError } from "../api.js";
import { askedIn, mustAgree } from "../consent.js";
import { roomOf } from "../rooms.js";
import { me } from "../session.js";
import { standing } from "../moderation.js";
import { endCall, leaveCall, startCall } from "../calls.js";
import { InCall } from "../call/in-call.js";
import { Own } from "../call/own.js";
import { surroundings } from "../call/surroundings.js";
import { html } from "../ui/html.js";
import { isImmersed, open } from "../ui/shell.js";
import { Door, Waiting } from "./call/door.js";
import { Ended, Failed } from "./call/ending.js";
import { Lobby } from "./call/lobby.js";
import { Stage } from "./call/stage.js";

/** @typedef {import("../rooms.js").Room} Room */
/** @typedef {import("../consent.js").Asked} Asked */

const room = decodeURIComponent(location.pathname.split("/")[2] ?? "");

/** Where one stands; each has a part of the page to itself. */
/**
 * @typedef {{at: "lobby", room: Room, asked: Asked | null} | {at: "door"} | {at: "waiting"} | {at: "call", room: Room, call: InCall}
 *   | {at: "ended", room: Room, call: InCall} | {at: "failed", error: unknown}} Place
 */

const ANSWERED = "#answered";

const place = signal(/** @type {Place} */ ({ at: "door" }));
let own = new Own();

/** Ask where one stands; whoever belongs to the room is in the lobby at once. */
async function look() {
  try {
    const [found, asked] = await Promise.all([roomOf(room), askedIn(room).catch(() => null)]);
    const isOpen = asked === null || asked.detection.consented || !mustAgree(asked.detection);
    // Whoever has just answered a call has said already that they come in.
    if (location.hash === ANSWERED && isOpen) answer(found);
    else place.value = { at: "lobby", room: found, asked };
  } catch (error) {
    place.value = isHidden(error) ? await atTheDoor() : { at: "failed", error };
  }
}

/** @param {unknown} error */
const isHidden = (error) => error instanceof ApiError && error.code === "not_found";

/** @returns {Promise<Place>} for somebody who does not belong, or not yet */
async function atTheDoor() {
  try {
    const { state } = await standing(room);
    if (state === "waiting") return { at: "waiting" };
    return { at: "failed", error: new ApiError("not_admitted", "") };
  } catch (error) {
    return isHidden(error) ? { at: "door" } : { at: "failed", error };
  }
}

/** @param {Room} found */
function answer(found) {
  history.replaceState(null, "", location.pathname);
  own.begin();
  join(found, null);
}

/** @param {Room} found @param {string | null} consent */
function join(found, consent) {
  const identity = me.value?.id ?? "";
  const doors = { start: startCall, leave: leaveCall, end: endCall };
  const call = new InCall({ room, identity, consent }, own, surroundings(), doors);
  place.value = { at: "call", room: found, call };
  isImmersed.value = true;
  call.ending.subscribe((ending) => ending !== null && end(found, call));
  window.addEventListener("online", () => call.stay.line.doubt());
  call.join();
}

// The room goes on without whoever is out of it like this, and they are told where they stand.
const OUTSIDE = new Set(["waiting", "not_found"]);

/** @param {Room} found @param {InCall} call */
function end(found, call) {
  own.close();
  own = new Own();
  isImmersed.value = false;
  if (OUTSIDE.has(call.ending.value?.how ?? "")) look();
  else place.value = { at: "ended", room: found, call };
}

function CallPage() {
  const now = place.value;
  switch (now.at) {
    case "lobby":
      return html`<${Lobby} room=${now.room} asked=${now.asked} own=${own} onJoin=${(/** @type {string | null} */ consent) => join(now.room, consent)} />`;
    case "call":
      return html`<${Stage} room=${now.room} call=${now.call} own=${own} />`;
    case "ended":
      return html`<${Ended} room=${now.room} ending=${now.call.ending.value} />`;
    case "waiting":
      return html`<${Waiting} room=${room} onAdmitted=${look} onLeft=${() => (place.value = { at: "door" })} />`;
    case "door":
      return html`<${Door} room=${room} onWaiting=${() => (place.value = { at: "waiting" })} onAdmitted=${look} />`;
    case "failed":
      return html`<${Failed} error=${now.error} />`;
  }
}

open({
  title: "call.title",
  content: CallPage,
  elsewhere: (profile) => (profile === null ? withNext(pages.login, location.pathname) : null),
  prepare: look,
});
