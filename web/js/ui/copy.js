/** A text to hand on, and a button that copies it. */

import { useId, useRef } from "preact/hooks";
import { text } from "../i18n.js";
import { Button } from "./button.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { announce } from "./toast.js";

/** @param {{label: string, value: string}} properties */
export function CopyField({ label, value }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const id = useId();
  const copy = async () => {
    announce(text((await copied(field.current)) ? "copy.done" : "copy.by_hand"));
  };
  return html`<div class="field">
    <label class="field-label" for=${id}>${label}</label>
    <div class="copy">
      <input class="input input-code" id=${id} ref=${field} readonly value=${value} onFocus=${selectAll} />
      <${Button} kind="primary" onClick=${copy}><${Icon} name="copy" />${text("copy.action")}</${Button}>
    </div>
  </div>`;
}

/** @param {FocusEvent & {currentTarget: HTMLInputElement}} event */
function selectAll(event) {
  event.currentTarget.select();
}

/**
 * @param {HTMLInputElement | null} field
 * @returns {Promise<boolean>} false if the browser does not let us; then the text is selected
 */
async function copied(field) {
  if (field === null) return false;
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // The clipboard is there for HTTPS pages only; this older way is left for the others.
    field.select();
    return document.execCommand("copy");
  }
}
