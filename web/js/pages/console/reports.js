/** Messages that somebody complained about, as they were then; decided once. */

import { useState } from "preact/hooks";
import { closeReport, reportsBy } from "../../console/operating.js";
import { errorText, moment, text } from "../../i18n.js";
import { Button } from "../../ui/button.js";
import { html } from "../../ui/html.js";
import { announce } from "../../ui/toast.js";
import { ExportButtons } from "./export-buttons.js";
import { nameOf } from "./names.js";
import { Table, usePages } from "./table.js";
import { RoomName, titleOf } from "./titles.js";

/** @typedef {import("../../console/operating.js").Report} Report */

/** What may be decided, each with its button. */
const DECISIONS = /** @type {const} */ ([
  { name: "deleted", kind: "danger", decided: { outcome: "upheld", delete: true } },
  { name: "upheld", kind: "soft", decided: { outcome: "upheld" } },
  { name: "dismissed", kind: "quiet", decided: { outcome: "dismissed" } },
]);

export function Reports() {
  const [isClosed, setClosed] = useState(false);
  const ask = async (/** @type {string} */ cursor) => {
    const { reports, next } = await reportsBy(isClosed, cursor);
    return { rows: reports, next };
  };
  const pages = usePages(ask, "", [isClosed]);
  const rows = () => (pages.rows ?? []).map((/** @type {Report} */ one) => ({ ...one, title: titleOf(one.room), sender_name: nameOf(one.sender) }));
  const heads = ["message", "sender", "reason", "by", "room", "outcome"].map((head) => text(`reports.${head}`));
  return html`
    <header class="console-head"><h1 class="page-title">${text("console.reports")}</h1><${ExportButtons} name="reports" rows=${rows} /></header>
    <div class="console-filters"><label class="check">
      <input type="checkbox" checked=${isClosed} onChange=${() => setClosed(!isClosed)} />${text("reports.closed")}
    </label></div>
    <${Table} heads=${heads} pages=${pages} none=${text("reports.none")} row=${(/** @type {Report} */ report) => html`<${Row} key=${report.id} report=${report} again=${pages.again} />`} />
  `;
}

/** @param {{report: Report, again: () => void}} properties */
function Row({ report, again }) {
  const { id, outcome, sender, room, reason, reported_by: by, reported_at: at, closed_by: closedBy, closed_at: closedAt } = report;
  const decide = (/** @type {{outcome: string}} */ decided) => () => closeReport(id, decided).then(again, (error) => announce(errorText(error)));
  return html`<tr>
    <th scope="row">${report.text}</th><td>${nameOf(sender)}</td><td>${reason}</td>
    <td><span class="table-main">${nameOf(by)}</span><span class="fine">${moment(at)}</span></td><td><${RoomName} room=${room} /></td>
    <td>${outcome === null
      ? html`<div class="row">${DECISIONS.map(({ name, kind, decided }) => html`<${Button} key=${name} kind=${kind} onClick=${decide(decided)}>${text(`reports.do.${name}`)}</${Button}>`)}</div>`
      : html`<span class="table-main">${text(`reports.outcome.${outcome}`)}</span><span class="fine">${nameOf(closedBy ?? "")} ${moment(closedAt ?? "")}</span>`}</td>
  </tr>`;
}
