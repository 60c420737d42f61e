/** All rooms, by what they or their people are called, with the call that is under way in each. */

import { useState } from "preact/hooks";
import { roomsBy } from "../../console/operating.js";
import { counted, moment, text } from "../../i18n.js";
import { html } from "../../ui/html.js";
import { ExportButtons } from "./export-buttons.js";
import { Filter, Search } from "./filter.js";
import { Table, usePages } from "./table.js";

const KINDS = /** @type {const} */ (["meeting", "group", "direct", "match", "heart-link"]);

export function RoomList() {
  const [kind, setKind] = useState("");
  const [words, setWords] = useState("");
  const ask = async (/** @type {string} */ cursor) => {
    const { rooms, next } = await roomsBy({ cursor, words, kind });
    return { rows: rooms, next };
  };
  const pages = usePages(ask, "", [kind, words]);
  const heads = ["title", "kind", "now", "since", "places", "made"].map((head) => text(`rooms.${head}`));
  return html`
    <header class="console-head"><h1 class="page-title">${text("console.rooms")}</h1><${ExportButtons} name="rooms" rows=${() => pages.rows ?? []} /></header>
    <div class="console-filters">
      <${Filter} label=${text("rooms.kind")} value=${kind} choices=${KINDS.map((one) => [one, text(`room.kind.${one}`)])} onChange=${setKind} />
      <${Search} label=${text("wall.search")} value=${words} onChange=${setWords} />
    </div>
    <${Table} heads=${heads} pages=${pages} none=${text("rooms.none")} row=${row} />
  `;
}

/** @param {import("../../console/operating.js").ListedRoom} room */
const row = ({ id, title, kind, locked, capacity, call, called_at: since, people_now: people, created_at: made }) => html`<tr key=${id}>
  <th scope="row"><span class="table-main">${title}</span><span class="fine">${id}</span></th>
  <td>${text(`room.kind.${kind}`)}${locked && html` <span class="badge">${text("rooms.locked")}</span>`}</td>
  <td>${call === null ? text("rooms.quiet") : counted("wall.people", people)}</td><td class="when">${since === null ? "" : moment(since)}</td>
  <td>${capacity}</td><td class="when">${moment(made)}</td>
</tr>`;
