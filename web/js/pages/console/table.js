/** A list that comes by pages, as a table; the next page is asked for by a press. */

import { useEffect, useState } from "preact/hooks";
import { errorText, text } from "../../i18n.js";
import { Button } from "../../ui/button.js";
import { Skeleton } from "../../ui/card.js";
import { html } from "../../ui/html.js";
import { Notice } from "../../ui/notice.js";

/**
 * Rows by pages, asked for anew when one of `about` changes.
 *
 * @template Row, Cursor
 * @param {(cursor: Cursor) => Promise<{rows: Row[], next: Cursor | null}>} ask
 * @param {Cursor} first
 * @param {readonly unknown[]} about
 */
export function usePages(ask, first, about = []) {
  const [rows, setRows] = useState(/** @type {Row[] | null} */ (null));
  const [next, setNext] = useState(/** @type {Cursor | null} */ (null));
  const [failure, setFailure] = useState(/** @type {unknown} */ (null));
  const load = async (/** @type {Cursor} */ cursor, /** @type {Row[]} */ before) => {
    setFailure(null);
    await ask(cursor).then((page) => {
      setRows([...before, ...page.rows]);
      setNext(page.next);
    }, setFailure);
  };
  const again = () => load(first, []);
  useEffect(() => void again(), about);
  const more = next === null ? null : () => load(next, rows ?? []);
  return { rows, failure, again, more };
}

/**
 * Tells the style sheet, which shows each row by itself on a phone, what columns are called: `--head-1`, quoted.
 *
 * @param {readonly string[]} heads
 */
function named(heads) {
  return (/** @type {HTMLElement | null} */ table) =>
    heads.forEach((head, place) => table?.style.setProperty(`--head-${place + 1}`, JSON.stringify(head)));
}

/**
 * @param {{
 *   heads: readonly string[], pages: {rows: any[] | null, failure: unknown, again: () => void, more: (() => void) | null},
 *   row: (row: any) => unknown, none: string,
 * }} properties
 */
export function Table({ heads, pages, row, none }) {
  const { rows, failure, again, more } = pages;
  if (failure !== null) {
    return html`<${Notice} kind="danger">${errorText(failure)} <${Button} onClick=${again}>${text("action.try_again")}</${Button}></${Notice}>`;
  }
  if (rows === null) return html`<${Skeleton} rows=${6} />`;
  if (rows.length === 0) return html`<div class="empty"><p>${none}</p></div>`;
  return html`
    <div class="table-frame" tabindex="0" role="region" aria-label=${heads.join(", ")}>
      <table class="table table-listed" ref=${named(heads)}><thead><tr>${heads.map((head) => html`<th key=${head} scope="col">${head}</th>`)}</tr></thead><tbody>${rows.map(row)}</tbody></table>
    </div>
    ${more !== null && html`<div class="below"><${Button} onClick=${more}>${text("console.more")}</${Button}></div>`}
  `;
}
