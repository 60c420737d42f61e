/** What is found for words while they are typed: asked for when they have rested, and only the newest counts. */

import { useEffect, useState } from "preact/hooks";

// So long after the last letter, somebody wants to see what there is.
const LOOK_AFTER_MS = 300;

/**
 * @template Thing
 * @param {string} words nothing is looked for while they are empty
 * @param {(words: string) => Promise<Thing>} find
 */
export function useSought(words, find) {
  const [found, put] = useState(/** @type {Thing | null} */ (null));
  const [failure, fail] = useState(/** @type {unknown} */ (null));
  useEffect(() => {
    fail(null);
    if (words === "") {
      put(null);
      return;
    }
    let isWanted = true;
    const take = (/** @type {Thing} */ thing) => {
      if (isWanted) put(thing);
    };
    const timer = setTimeout(() => find(words).then(take, (error) => isWanted && fail(error)), LOOK_AFTER_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [words]);
  return { found, failure, put, fail };
}
