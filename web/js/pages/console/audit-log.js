/** Who did what, newest first, each entry chained to the one before by its hash. */

import { auditBefore } from "../../console/operating.js";
import { moment, text } from "../../i18n.js";
import { html } from "../../ui/html.js";
import { ExportButtons } from "./export-buttons.js";
import { nameOf } from "./names.js";
import { Table, usePages } from "./table.js";

export function AuditLog() {
  const ask = async (/** @type {number | null} */ before) => {
    const { entries, next } = await auditBefore(before);
    return { rows: entries, next };
  };
  const pages = usePages(ask, /** @type {number | null} */ (null));
  const heads = ["number", "when", "who", "what", "about", "from", "hash"].map((head) => text(`audit.${head}`));
  return html`
    <header class="console-head"><h1 class="page-title">${text("console.audit")}</h1><${ExportButtons} name="audit" rows=${() => pages.rows ?? []} /></header>
    <p class="fine">${text("audit.lead")}</p>
    <${Table} heads=${heads} pages=${pages} none=${text("audit.none")} row=${row} />
  `;
}

/** @param {import("../../console/operating.js").AuditEntry} entry */
const row = ({ sequence, at, actor, action, subject, address, detail, hash }) => html`<tr key=${sequence}>
  <td>${sequence}</td><td class="when">${moment(at)}</td><td>${nameOf(actor)}</td>
  <td><span class="table-main">${action}</span><span class="fine code">${detail === "{}" ? "" : detail}</span></td>
  <td>${nameOf(subject)}</td><td>${address}</td><td class="code" title=${hash}>${hash.slice(0, 12)}…</td>
</tr>`;
