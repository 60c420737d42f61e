/** Words that need attention: what went wrong, what went well, what is so. */

import { html } from "./html.js";
import { Icon } from "./icons.js";

/** @typedef {import("./html.js").Children} Children */

const ICONS = /** @type {const} */ ({ danger: "warning", success: "check", plain: "time" });

/**
 * A danger is read out as soon as it appears.
 *
 * @param {{kind: keyof typeof ICONS, children?: Children}} properties
 */
export function Notice({ kind, children }) {
  return html`<div class="notice notice-${kind}" role=${kind === "danger" ? "alert" : undefined}>
    <${Icon} name=${ICONS[kind]} />
    <div class="notice-words">${children}</div>
  </div>`;
}
