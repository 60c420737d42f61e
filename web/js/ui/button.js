/** Buttons, and links that look like them. */

import { html } from "./html.js";

/** @typedef {import("./html.js").Children} Children */

/**
 * A busy button keeps its place and its focus, and does nothing when it is pressed.
 *
 * @param {{
 *   kind?: "primary" | "soft" | "quiet" | "danger", type?: "button" | "submit", busy?: boolean,
 *   onClick?: () => void, label?: string, wide?: boolean, children?: Children,
 * }} properties `label` where the words alone would not say what is meant
 */
export function Button({ kind = "soft", type = "button", busy = false, onClick, label, wide, children }) {
  const press = (/** @type {Event} */ event) => {
    if (busy) event.preventDefault();
    else onClick?.();
  };
  return html`<button
    type=${type}
    class="button button-${kind} ${wide ? "button-wide" : ""}"
    aria-disabled=${busy ? "true" : undefined}
    aria-busy=${busy ? "true" : undefined}
    aria-label=${label}
    onClick=${press}
  >${children}</button>`;
}

/** @param {{kind?: "primary" | "soft" | "quiet", href: string, label?: string, children?: Children}} properties */
export function ButtonLink({ kind = "soft", href, label, children }) {
  return html`<a class="button button-${kind}" href=${href} aria-label=${label}>${children}</a>`;
}
