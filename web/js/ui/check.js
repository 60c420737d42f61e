/** Something that is on or off, with its words beside it. */

import { html } from "./html.js";

/** @param {{words: string, isOn: boolean, onChange: (isOn: boolean) => void}} properties */
export function Check({ words, isOn, onChange }) {
  const change = (/** @type {Event & {currentTarget: HTMLInputElement}} */ event) => onChange(event.currentTarget.checked);
  return html`<label class="check"><input type="checkbox" checked=${isOn} onChange=${change} />${words}</label>`;
}
