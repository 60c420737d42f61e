/** How long to wait before another try.  Pure. */

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * Twice as long each time; a part of it by chance, so that not all come back at once.
 *
 * @param {number} tries that failed before
 * @param {number} chance from 0 to 1
 */
export function waitBefore(tries, chance) {
  const full = Math.min(FIRST_MS * 2 ** Math.min(tries, 10), LONGEST_MS);
  return full * (0.5 + chance / 2);
}
