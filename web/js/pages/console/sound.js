/** The sound that was kept with an alert: to be heard, and seen as its pitches over time. */

import { useEffect, useRef } from "preact/hooks";
import { captureAddress, soundOf } from "../../console/evidence.js";
import { QUIETEST_DB, samplesOf, spectrogramOf } from "../../console/spectrum.js";
import { moment, text } from "../../i18n.js";
import { html } from "../../ui/html.js";
import { useLoaded } from "../../ui/loaded.js";

/** @typedef {import("../../console/spectrum.js").Spectrogram} Spectrogram */

const COLUMNS = 480;

/** @param {{capture: import("../../console/evidence.js").Capture}} properties */
export function CapturedSound({ capture }) {
  const { thing } = useLoaded(() => spectrumOf(capture.id), [capture.id]);
  const label = text("evidence.sound", { when: moment(capture.at) });
  return html`<figure class="sound">
    ${thing !== null && thing.columns > 0 && html`<${Spectrum} spectrogram=${thing} />`}
    <audio controls preload="none" src=${captureAddress(capture.id)} aria-label=${label}></audio>
  </figure>`;
}

/** @param {string} id @returns {Promise<Spectrogram | null>} */
async function spectrumOf(id) {
  const sound = samplesOf(await soundOf(id));
  return sound === null ? null : spectrogramOf(sound.samples, sound.rateHz, COLUMNS);
}

/** @param {{spectrogram: Spectrogram}} properties */
function Spectrum({ spectrogram }) {
  const { columns, bins, durationS, highestHz } = spectrogram;
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useEffect(() => canvas.current?.getContext("2d")?.putImageData(drawn(spectrogram), 0, 0), [spectrogram]);
  const values = { seconds: durationS.toFixed(1), kilohertz: (highestHz / 1000).toFixed(0) };
  return html`<canvas class="spectrogram" ref=${canvas} width=${columns} height=${bins} role="img" aria-label=${text("evidence.spectrogram", values)}></canvas>
    <figcaption class="fine">${text("evidence.spectrogram", values)}</figcaption>`;
}

/** Dark where it was quiet, over red and yellow to white; low pitches below. @param {Spectrogram} spectrogram */
function drawn({ columns, bins, decibels }) {
  const image = new ImageData(columns, bins);
  decibels.forEach((loudness, index) => {
    const [column, bin] = [Math.floor(index / bins), index % bins];
    const share = 1 - loudness / QUIETEST_DB;
    const at = 4 * ((bins - 1 - bin) * columns + column);
    image.data.set([Math.min(255, 40 + 430 * share ** 1.5), Math.max(0, 400 * share - 145), Math.max(50 * share, 900 * share - 645), 255], at);
  });
  return image;
}
