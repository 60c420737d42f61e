/** What a self-test works with: this browser, this server, and a small room of one's own. */

import { api } from "../../addresses.js";
import { surroundings } from "../../call/surroundings.js";
import { listening } from "../../diagnose/listening.js";
import { text } from "../../i18n.js";
import { RoomLine } from "../../protocol/room-line.js";
import { makeRoomAt, myRooms } from "../../rooms.js";
import { madeTracks } from "./made-tracks.js";

/** @typedef {import("../../diagnose/checks.js").Scene} Scene */

const PROBE = "/static/js/diagnose/trust-probe.js";

/** A name that nobody else can have, and that is the same next time. @param {string} identity */
const ownRoom = (identity) => `self-test-${identity}`;

/**
 * @param {string} identity
 * @returns {{scene: Scene, close: () => void}}
 */
export function sceneFor(identity) {
  const made = madeTracks();
  const around = listening(surroundings(), () => {});
  const stay = new RoomLine(ownRoom(identity), around);
  const begin = async () => {
    await haveRoom(identity);
    stay.open();
  };
  /** @type {Scene} */
  const scene = {
    identity,
    host: location.hostname,
    isEncrypted: location.protocol === "https:",
    line: stay.line,
    begin,
    cut: around.cut,
    make: made.tracks,
    readiness,
    isTrusted,
    tried: [],
  };
  const close = () => {
    for (const path of scene.tried) path.close();
    made.stop();
    stay.leave();
  };
  return { scene, close };
}

async function readiness() {
  const response = await fetch(api.readiness, { cache: "no-store" });
  const { ready, checks } = await response.json();
  return { ready, checks, date: response.headers.get("Date") };
}

/** Whoever has pressed "go on all the same" sees the page, but gets no worker from it. */
async function isTrusted() {
  if (!("serviceWorker" in navigator)) return true;
  try {
    await (await navigator.serviceWorker.register(PROBE)).unregister();
    return true;
  } catch (error) {
    return !(error instanceof DOMException && error.name === "SecurityError");
  }
}

/** It is there from the last time, or made now. @param {string} identity */
async function haveRoom(identity) {
  const mine = await myRooms();
  if (mine.some((room) => room.id === ownRoom(identity))) return;
  await makeRoomAt(ownRoom(identity), text("diagnose.title"));
}
