/**
 * A panel over the page: takes the focus, gives it back, closes with Escape.
 *
 * The page's own toast cannot be seen or heard behind it, so the panel has another.
 */

import { useEffect, useId, useRef } from "preact/hooks";
import { text } from "../i18n.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { Toast } from "./toast.js";

/** @typedef {import("./html.js").Children} Children */

/** @param {{title: string, onClose: () => void, children?: Children}} properties */
export function Dialog({ title, onClose, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => dialog.current?.close();
  // Only the dialog itself, not what is in it, is hit where the backdrop shows.
  const closeBeside = (/** @type {MouseEvent} */ event) => {
    if (event.target === dialog.current) close();
  };
  return html`<dialog class="dialog" ref=${dialog} aria-labelledby=${id} onClose=${onClose} onClick=${closeBeside}>
    <div class="dialog-body">
      <header class="dialog-head">
        <h2 class="card-title" id=${id}>${title}</h2>
        <button type="button" class="button button-quiet button-icon" aria-label=${text("action.close")} onClick=${close}>
          <${Icon} name="close" />
        </button>
      </header>
      ${children}
    </div>
    <${Toast} />
  </dialog>`;
}
