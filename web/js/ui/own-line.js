/** The line of whoever is signed in: what concerns them comes by it, whatever page they are on. */

import { effect, signal } from "@preact/signals";
import { surroundings } from "../call/surroundings.js";
import { Line } from "../protocol/line.js";
import { me } from "../session.js";

/** Null until somebody is signed in. */
export const ownLine = signal(/** @type {Line | null} */ (null));

/** Keep it open from now on, as long as somebody is signed in. */
export function openOwnLine() {
  effect(() => {
    if (me.value === null || ownLine.peek() !== null) return;
    const line = (ownLine.value = new Line(surroundings(), async () => {}));
    addEventListener("online", () => line.doubt());
    line.open();
  });
}

/**
 * Hear what comes by it, and when it is there again after a cut.
 *
 * @param {(told: import("../protocol/messages.js").Told) => void} hear
 * @param {() => void} isUp what was told in between has to be asked for
 * @returns {() => void} stops it
 */
export function listen(hear, isUp) {
  /** @type {(() => void)[]} */
  let stops = [];
  const stop = effect(() => {
    const line = ownLine.value;
    if (line === null) return;
    stops = [line.on("told", hear), line.on("state", (state) => state === "up" && isUp())];
    if (line.state === "up") isUp();
  });
  return () => [stop, ...stops].forEach((each) => each());
}
