/** How somebody stands who wants to be matched: asked for at first, told from then on, on every device. */

import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { standingOf } from "../../matches.js";
import { listen } from "../../ui/own-line.js";

/** @typedef {import("../../matches.js").Match} Match */

const EVERY_MS = 250;
const OPEN = new Set(["waiting", "proposed", "accepted"]);

/** @param {Match} match whether something is still to come of it */
export const isOpen = (match) => OPEN.has(match.state);

/**
 * @param {import("../../matches.js").Way} way
 * @param {Match | null} known
 */
export function useStanding(way, known) {
  const match = useSignal(known);
  const secondsLeft = useSignal(known?.seconds_left ?? 0);
  const failure = useSignal(/** @type {unknown} */ (null));

  const take = (/** @type {Match} */ now) => {
    match.value = now;
    secondsLeft.value = now.seconds_left;
  };
  const look = async () => {
    failure.value = null;
    await standingOf(way).then(take, (error) => (failure.value = error));
  };
  useEffect(() => listen((told) => told.type === "match_news" && told.kind === way.kind && look(), look), []);
  useEffect(() => {
    const now = match.value;
    if (now === null || !isOpen(now)) return;
    const endsAt = performance.now() + now.seconds_left * 1000;
    const timer = setInterval(() => {
      secondsLeft.value = Math.max(0, (endsAt - performance.now()) / 1000);
      if (secondsLeft.value > 0) return;
      clearInterval(timer);
      look();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [match.value]);
  return { match, secondsLeft, failure, take, look };
}
