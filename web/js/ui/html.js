/** `html` makes elements from templates; whatever is put into one is text and never markup. */

import { h } from "preact";
import htm from "htm";

/** @typedef {import("preact").ComponentChildren} Children */
/** @typedef {import("preact").VNode} Element */

/** @type {(strings: TemplateStringsArray, ...values: unknown[]) => Element} */
export const html = /** @type {any} */ (htm.bind(h));
