/** What is shown, as a file or on paper. */

import { asCsv, asJson } from "../../console/export.js";
import { text } from "../../i18n.js";
import { Button } from "../../ui/button.js";
import { html } from "../../ui/html.js";

const KINDS = /** @type {const} */ ([
  ["csv", "text/csv", asCsv],
  ["json", "application/json", asJson],
]);

/** @param {{name: string, rows: () => import("../../console/export.js").Row[]}} properties `name` of the file */
export function ExportButtons({ name, rows }) {
  return html`<div class="row exports">
    ${KINDS.map(([kind, type, write]) => html`<${Button} key=${kind} kind="quiet" onClick=${() => save(`candor-${name}.${kind}`, type, write(rows()))}>${text(`export.${kind}`)}</${Button}>`)}
    <${Button} kind="quiet" onClick=${() => print()}>${text("export.print")}</${Button}>
  </div>`;
}

/** @param {string} name @param {string} type @param {string} content */
function save(name, type, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: `${type};charset=utf-8` }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
