/** Whether somebody has proved their account: beside how they stand, and no part of it. */

import { moment, text, timeOfDay } from "../i18n.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";

/** @typedef {import("../proofs.js").ProofNews} ProofNews */

/** Short, on a tile. @param {{proof: ProofNews}} properties */
export function ProofMark({ proof }) {
  return html`<span class="proof proof-${proof.state}" data-state=${proof.state} title=${proofWords(proof)}>
    <${Icon} name="key" /><span class="proof-words">${text(`proof.mark.${proof.state}`)}</span>
  </span>`;
}

/** Whole, where there is room. @param {{proof: ProofNews}} properties */
export function ProofWords({ proof }) {
  const since = proof.since === null ? "" : text("proof.since", { when: moment(proof.since) });
  return html`<span class="fine proof-line" data-state=${proof.state}>
    <${Icon} name="key" /><span>${proofWords(proof)} ${since}</span>
  </span>`;
}

/** @param {ProofNews} proof */
const proofWords = ({ state, account, way, at }) =>
  text(`proof.news.${state}`, { account, way: way && text(`proof.way.${way}`), time: timeOfDay(at) });
