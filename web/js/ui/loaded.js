/** Something that the server has to be asked for: skeleton, failure with a way out, or the thing. */

import { useEffect, useRef, useState } from "preact/hooks";
import { errorText, text } from "../i18n.js";
import { Button } from "./button.js";
import { Skeleton } from "./card.js";
import { html } from "./html.js";
import { Notice } from "./notice.js";

/**
 * @template Thing
 * @typedef {object} Loaded
 * @property {Thing | null} thing null until it is there
 * @property {unknown} failure null unless it failed
 * @property {() => Promise<void>} again ask once more; what is there stays until then
 * @property {(thing: Thing) => void} put what it is now, known without asking
 */

/**
 * @template Thing
 * @param {() => Promise<Thing>} ask
 * @param {readonly unknown[]} about asked again when one of these changes
 * @param {Thing | null} known what was asked for already
 * @returns {Loaded<Thing>}
 */
export function useLoaded(ask, about = [], known = null) {
  const [thing, put] = useState(known);
  const [failure, setFailure] = useState(/** @type {unknown} */ (null));
  const again = async () => {
    setFailure(null);
    await ask().then(put, setFailure);
  };
  const isKnown = useRef(known !== null);
  useEffect(() => {
    if (!isKnown.current) again();
    isKnown.current = false;
  }, about);
  return { thing, failure, again, put };
}

/**
 * What stands in for a thing that is not there; only for `thing === null`.
 *
 * @param {{failure: unknown, again: () => Promise<void>, rows: number}} properties
 */
export function NotYet({ failure, again, rows }) {
  if (failure === null) {
    return html`<div aria-busy="true">
      <span class="unseen">${text("loading")}</span><${Skeleton} rows=${rows} />
    </div>`;
  }
  return html`<div class="stack">
    <${Notice} kind="danger">${errorText(failure)}</${Notice}>
    <div><${Button} onClick=${again}>${text("action.try_again")}</${Button}></div>
  </div>`;
}

/**
 * A deed by one press: busy while it runs; what goes wrong is kept to be shown.
 *
 * @param {() => Promise<void>} act
 * @returns {{busy: boolean, failure: unknown, run: () => Promise<void>}}
 */
export function useDeed(act) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState(/** @type {unknown} */ (null));
  const run = async () => {
    setBusy(true);
    setFailure(null);
    await act().catch(setFailure);
    setBusy(false);
  };
  return { busy, failure, run };
}
