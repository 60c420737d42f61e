/** A kept picture, large, and over it which places moved a learned detector; as it was, at a press. */

import { useEffect, useRef, useState } from "preact/hooks";
import { captureAddress, mapOf } from "../../console/evidence.js";
import { errorText, moment, text } from "../../i18n.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { html } from "../../ui/html.js";
import { useDeed } from "../../ui/loaded.js";
import { Notice } from "../../ui/notice.js";

/** @typedef {import("../../console/evidence.js").MappedPicture} MappedPicture */
/** @typedef {import("../../console/evidence.js").OcclusionMap} OcclusionMap */

/** @param {{capture: import("../../console/evidence.js").Capture, onClose: () => void}} properties */
export function CaptureView({ capture, onClose }) {
  const name = text("evidence.picture", { when: moment(capture.at) });
  const [mapped, setMapped] = useState(/** @type {MappedPicture | null} */ (null));
  const [shown, setShown] = useState(/** @type {OcclusionMap | null} */ (null));
  const making = useDeed(async () => {
    const found = await mapOf(capture.id);
    setMapped(found);
    setShown(found.maps[0] ?? null);
  });
  return html`<${Dialog} title=${name} onClose=${onClose}>
    <div class="mapped">
      <img class="capture-large" src=${captureAddress(capture.id)} alt=${name} />
      ${mapped !== null && shown !== null && html`<${Overlay} mapped=${mapped} map=${shown} />`}
    </div>
    ${mapped === null
      ? html`<div class="row"><${Button} busy=${making.busy} onClick=${making.run}>${text(making.busy ? "map.making" : "map.make")}</${Button}></div>
          <p class="fine">${text("map.lead")}</p>`
      : html`<${Choice} mapped=${mapped} shown=${shown} onChange=${setShown} />`}
    ${making.failure !== null && html`<${Notice} kind="danger">${errorText(making.failure)}</${Notice}>`}
  </${Dialog}>`;
}

/** @param {{mapped: MappedPicture, shown: OcclusionMap | null, onChange: (map: OcclusionMap | null) => void}} properties */
function Choice({ mapped, shown, onChange }) {
  if (mapped.why !== "") return html`<p class="fine" role="status">${text(`map.${mapped.why}`)}</p>`;
  return html`
    <div class="row" role="group" aria-label=${text("map.shown")}>
      <${Button} kind=${shown === null ? "primary" : "soft"} onClick=${() => onChange(null)}>${text("map.raw")}</${Button}>
      ${mapped.maps.map((one) => html`<${Button} key=${one.detector} kind=${shown === one ? "primary" : "soft"} onClick=${() => onChange(one)}>${one.detector.split(" ")[0]}</${Button}>`)}
    </div>
    ${shown !== null && html`<p class="fine">${text("map.means", { score: shown.score.toFixed(2), most: mostOf(shown).toFixed(2) })}</p><p class="fine code">${shown.detector}</p>`}
  `;
}

/** @param {OcclusionMap} map */
const mostOf = ({ falls }) => Math.max(...falls.flat().map(Math.abs));

/** Red where covering makes it fall, blue where it makes it rise; clear where nothing changes. @param {{mapped: MappedPicture, map: OcclusionMap}} properties */
function Overlay({ mapped: { width, height }, map }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context) draw(context, map);
  }, [map]);
  return html`<canvas key=${map.detector} class="mapped-over" ref=${canvas} width=${width} height=${height} aria-hidden="true"></canvas>`;
}

/** @param {CanvasRenderingContext2D} context @param {OcclusionMap} map */
function draw(context, map) {
  const most = mostOf(map);
  const field = map.side / map.falls.length;
  if (most === 0) return;
  map.falls.forEach((row, down) =>
    row.forEach((fall, across) => {
      const strength = (0.65 * Math.abs(fall)) / most;
      context.fillStyle = fall > 0 ? `rgb(220 30 30 / ${strength})` : `rgb(30 90 230 / ${strength})`;
      context.fillRect(map.left + across * field, map.top + down * field, field, field);
    }),
  );
}
