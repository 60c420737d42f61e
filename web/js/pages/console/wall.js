/** The live wall: everybody who sends, the riskiest first, with how they stood lately and what can be done. */

import { useState } from "preact/hooks";
import { challenge } from "../../calls.js";
import { seenOn, trendPath } from "../../console/wall.js";
import { counted, errorText, text } from "../../i18n.js";
import { sendAway, silence } from "../../moderation.js";
import { askForProof, proofOf } from "../../proofs.js";
import { Avatar } from "../../ui/avatar.js";
import { Button } from "../../ui/button.js";
import { nowMs } from "../../ui/clock.js";
import { TextField } from "../../ui/field.js";
import { Form, Submit } from "../../ui/form.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { ownLine } from "../../ui/own-line.js";
import { ProofWords } from "../../ui/proof-mark.js";
import { RiskBadge, RiskReasons } from "../../ui/risk-badge.js";
import { announce } from "../../ui/toast.js";
import { ExportButtons } from "./export-buttons.js";
import { Filter, Search } from "./filter.js";
import { Judge } from "./judge.js";
import { MovedList, move } from "./moved-list.js";
import { nameOf } from "./names.js";
import { titleOf } from "./titles.js";

/** @typedef {import("../../console/board.js").Board} Board */
/** @typedef {import("../../console/wall.js").Seen} Seen */

const STATES = /** @type {const} */ (["likely_synthetic", "suspicious", "unknown", "no_sign", "verified"]);

/** @param {{board: Board}} properties */
export function Wall({ board }) {
  const [state, setState] = useState("");
  const [words, setWords] = useState("");
  const seen = seenOn(board.wall.value, { state, words }, (one) => `${nameOf(one.identity)} ${titleOf(one.room)} ${one.room}`);
  const rows = () => seen.map((one) => ({ name: nameOf(one.identity), identity: one.identity, room: one.room, title: titleOf(one.room), call: one.call, state: one.state, why: one.why, risk: one.risk, confidence: one.confidence, at: one.at }));
  return html`
    <header class="console-head">
      <h1 class="page-title">${text("console.wall")}</h1>
      <p class="fine" role="status">${counted("wall.people", seen.length)}</p>
      <${ExportButtons} name="wall" rows=${rows} />
    </header>
    <div class="console-filters">
      <${Filter} label=${text("wall.state")} value=${state} choices=${STATES.map((one) => [one, text(`risk.${one}`)])} onChange=${setState} />
      <${Search} label=${text("wall.search")} value=${words} onInput=${setWords} />
    </div>
    <${MovedList} wall=${board.wall.value} />
    ${seen.length === 0 && html`<div class="empty"><${Icon} name="camera" /><p>${text(board.wall.value.size === 0 ? "wall.nobody" : "wall.nobody_so")}</p></div>`}
    <ul class="wall">${seen.map((one) => html`<${Card} key=${one.key} seen=${one} proof=${proofOf(board.proofs.value, one.room, one.identity)} />`)}</ul>
  `;
}

/** @param {{seen: Seen, proof: import("../../proofs.js").ProofNews | null}} properties */
function Card({ seen, proof }) {
  const { identity, room, state, confidence } = seen;
  const name = nameOf(identity);
  const profile = { id: identity, name, nickname: name, avatar: null };
  return html`<li class="card wall-card wall-${state}" data-identity=${identity} data-state=${state}>
    <header class="wall-head">
      <${Avatar} profile=${profile} size="small" />
      <div class="person-words"><h2 class="wall-name">${name}</h2><span class="fine" title=${room}>${titleOf(room)}</span></div>
    </header>
    <${RiskBadge} standing=${seen} />
    ${proof !== null && html`<${ProofWords} proof=${proof} />`}
    <${Trend} seen=${seen} />
    <label class="confidence">${text("wall.confidence", { percent: Math.round(100 * confidence) })}
      <meter min="0" max="1" value=${confidence}></meter>
    </label>
    <details class="wall-more">
      <summary>${text("wall.why")}</summary>
      <${RiskReasons} standing=${seen} />
    </details>
    ${seen.call !== "" && html`<${Judge} seen=${seen} />`}
    <${Notify} identity=${identity} name=${name} />
    <${ToWait} room=${room} identity=${identity} name=${name} />
    <${Acts} seen=${seen} name=${name} />
  </li>`;
}

/** @param {{seen: Seen}} properties */
function Trend({ seen }) {
  return html`<svg class="trend" viewBox="0 0 100 1" preserveAspectRatio="none" role="img" aria-label=${text("wall.trend")}>
    <line class="trend-limit" x1="0" x2="100" y1="0.4" y2="0.4" /><line class="trend-limit trend-alert" x1="0" x2="100" y1="0.2" y2="0.2" />
    <path class="trend-line" d=${trendPath(seen.trend, nowMs.value)} />
  </svg>`;
}

/** @param {{identity: string, name: string}} properties */
function Notify({ identity, name }) {
  /** @param {Record<string, string>} values */
  const say = async ({ words = "" }) => {
    await ownLine.value?.ask("send_system", { text: words, to: identity });
    announce(text("wall.notified", { name }));
  };
  return html`<details class="wall-more">
    <summary aria-label=${text("wall.notify_whom", { name })}>${text("wall.notify")}</summary>
    <${Form} onSubmit=${say}>
      ${() => html`
        <${TextField} name="words" label=${text("wall.notify_words")} required maxLength=${2000} autocomplete="off" />
        <${Submit} kind="soft">${text("wall.notify_send")}</${Submit}>
      `}
    </${Form}>
  </details>`;
}

/** @param {{room: string, identity: string, name: string}} properties */
function ToWait({ room, identity, name }) {
  /** @param {Record<string, string>} values */
  const say = async ({ because = "" }) => {
    await move(room, identity, because);
    announce(text("wall.moved", { name }));
  };
  return html`<details class="wall-more">
    <summary aria-label=${text("wall.wait_whom", { name })}>${text("wall.wait")}</summary>
    <${Form} onSubmit=${say}>
      ${() => html`
        <${TextField} name="because" label=${text("wall.wait_because")} maxLength=${500} autocomplete="off" />
        <${Submit} kind="danger">${text("wall.wait_do")}</${Submit}>
      `}
    </${Form}>
  </details>`;
}

/** @param {{seen: Seen, name: string}} properties */
function Acts({ seen, name }) {
  const { call, room, identity } = seen;
  const doing = (/** @type {() => Promise<unknown>} */ act, /** @type {string} */ done) => () =>
    act().then(() => announce(text(done, { name })), (error) => announce(errorText(error)));
  return html`<div class="wall-acts">
    ${call !== "" && html`<${Button} label=${text("wall.challenge_whom", { name })} onClick=${doing(() => challenge(call, identity, "light"), "wall.challenged")}>${text("wall.challenge")}</${Button}>`}
    ${call !== "" && html`<${Button} label=${text("wall.prove_whom", { name })} onClick=${doing(() => askForProof(call, identity), "wall.prove_asked")}>${text("wall.prove")}</${Button}>`}
    <${Button} kind="quiet" label=${text("wall.mute_whom", { name })} onClick=${doing(() => silence(room, identity, ["microphone", "camera"]), "wall.muted")}>${text("wall.mute")}</${Button}>
    <${Button} kind="danger" label=${text("wall.remove_whom", { name })} onClick=${doing(() => sendAway(room, identity), "wall.removed")}>${text("wall.remove")}</${Button}>
  </div>`;
}
