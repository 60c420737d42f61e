/** Everybody's calls, by their people or room, by what became of them, and when. */

import { useState } from "preact/hooks";
import { callsBy } from "../../console/operating.js";
import { moment, text } from "../../i18n.js";
import { html } from "../../ui/html.js";
import { ExportButtons } from "./export-buttons.js";
import { Day, Filter, Search, beginningOf } from "./filter.js";
import { nameOf } from "./names.js";
import { Table, usePages } from "./table.js";
import { RoomName, titleOf } from "./titles.js";

const STATES = /** @type {const} */ (["ringing", "active", "ended", "missed", "declined", "cancelled", "failed"]);

export function CallHistory() {
  const [state, setState] = useState("");
  const [words, setWords] = useState("");
  const [first, setFirst] = useState("");
  const [last, setLast] = useState("");
  const ask = async (/** @type {string} */ cursor) => {
    const { calls, next } = await callsBy({ cursor, state, words, since: beginningOf(first), until: beginningOf(last, 1) });
    return { rows: calls, next };
  };
  const pages = usePages(ask, "", [state, words, first, last]);
  const rows = () => (pages.rows ?? []).map((/** @type {import("../../calls.js").Call} */ one) => ({ ...one, title: titleOf(one.room), caller_name: nameOf(one.caller) }));
  const heads = ["room", "caller", "state", "began", "lasted", "people"].map((head) => text(`calls.${head}`));
  return html`
    <header class="console-head"><h1 class="page-title">${text("console.calls")}</h1><${ExportButtons} name="calls" rows=${rows} /></header>
    <div class="console-filters">
      <${Filter} label=${text("calls.state")} value=${state} choices=${STATES.map((one) => [one, text(`calls.state.${one}`)])} onChange=${setState} />
      <${Day} label=${text("calls.first")} value=${first} onChange=${setFirst} />
      <${Day} label=${text("calls.last")} value=${last} onChange=${setLast} />
      <${Search} label=${text("wall.search")} value=${words} onChange=${setWords} />
    </div>
    <${Table} heads=${heads} pages=${pages} none=${text("calls.none")} row=${row} />
  `;
}

/** @param {import("../../calls.js").Call} call */
const row = (call) => html`<tr key=${call.id}>
  <th scope="row"><${RoomName} room=${call.room} /></th><td>${nameOf(call.caller)}</td>
  <td>${text(`calls.state.${call.state}`)}</td><td class="when">${moment(call.started_at)}</td>
  <td>${text("calls.minutes", { minutes: (call.duration_s / 60).toFixed(1) })}</td>
  <td>${call.members.map((one) => nameOf(one.user)).join(", ")}</td>
</tr>`;
