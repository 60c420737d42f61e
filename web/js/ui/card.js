/** A panel with a heading, and the grey shapes that stand in for one while it loads. */

import { useId } from "preact/hooks";
import { html } from "./html.js";

/** @typedef {import("./html.js").Children} Children */

/** @param {{title: string, lead?: string, className?: string, children?: Children}} properties */
export function Card({ title, lead, className = "", children }) {
  const id = useId();
  return html`<section class="card ${className}" aria-labelledby=${id}>
    <h2 class="card-title" id=${id}>${title}</h2>
    ${lead && html`<p class="card-lead">${lead}</p>`}
    ${children}
  </section>`;
}

/** @param {{rows: number}} properties */
export function Skeleton({ rows }) {
  const shapes = Array.from({ length: rows }, (_, index) => html`<div class="skeleton" key=${index}></div>`);
  return html`<div class="skeleton-stack" aria-hidden="true">${shapes}</div>`;
}
