/** Choose somebody: of those one knows, or by how a name begins. */

import { useState } from "preact/hooks";
import { errorText, text } from "../i18n.js";
import { findPeople } from "../people.js";
import { calledName } from "../session.js";
import { Avatar } from "./avatar.js";
import { AvatarWithState } from "./chat/avatar-with-state.js";
import { html } from "./html.js";
import { Notice } from "./notice.js";
import { useSought } from "./sought.js";

/** @typedef {import("../people.js").Found} Found */
/** @typedef {Omit<Found, "status"> & {status?: string}} Choice whose state may not be known */

const LETTERS = 2;
// A character that is a word or a syllable says as much as several letters.
const TELLS_MUCH = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/** @param {string} words */
const isEnough = (words) => words.length >= LETTERS || TELLS_MUCH.test(words);

/** @param {{known?: readonly Choice[], onChoose: (person: Choice) => void}} properties `known` stand there until somebody is looked for */
export function PeopleFinder({ known = [], onChoose }) {
  const [typed, setTyped] = useState("");
  const words = typed.trim();
  const { found, failure } = useSought(isEnough(words) ? words : "", findPeople);
  const shown = found ?? known;
  return html`
    <input
      class="input" type="search" value=${typed} placeholder=${text("people.name")} aria-label=${text("people.name")} autocomplete="off" spellcheck=${false}
      onInput=${(/** @type {any} */ event) => setTyped(event.currentTarget.value)}
    />
    ${failure !== null && html`<${Notice} kind="danger">${errorText(failure)}</${Notice}>`}
    ${shown.length > 0 &&
    html`<ul class="choices">
      ${shown.map((person) => html`<${Row} key=${person.id} person=${person} onChoose=${onChoose} />`)}
    </ul>`}
    <div role="status">${shown.length === 0 && html`<p class="lead">${text(found === null ? "people.how" : "people.nobody")}</p>`}</div>
  `;
}

/** @param {{person: Choice, onChoose: (person: Choice) => void}} properties */
function Row({ person, onChoose }) {
  const called = calledName(person);
  return html`<li><button type="button" class="choice" onClick=${() => onChoose(person)}>
    ${person.status === undefined ? html`<${Avatar} profile=${person} size="small" />` : html`<${AvatarWithState} face=${person} />`}
    <span class="choice-words"><span dir="auto">${called}</span>${called !== person.name && html`<span class="fine" dir="auto">${person.name}</span>`}</span>
  </button></li>`;
}
