/** The time, by the second, for whatever shows how old something is. */

import { signal } from "@preact/signals";

/** Milliseconds of the clock that risks and lines are timed by. */
export const nowMs = signal(performance.now());

setInterval(() => (nowMs.value = performance.now()), 1000);
