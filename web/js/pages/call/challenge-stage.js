/** A challenge over the whole page: what will happen and a way to refuse, the showing, the result. */

import { useEffect, useRef, useState } from "preact/hooks";
import { actAt, colourAt } from "../../call/challenge.js";
import { text } from "../../i18n.js";
import { Button } from "../../ui/button.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { reasonText } from "../../ui/risk-badge.js";

/** @typedef {import("../../call/challenge.js").Challenged} Challenged */
/** @typedef {import("../../call/challenge.js").Show} Show */

/** @param {{challenged: Challenged}} properties */
export function ChallengeStage({ challenged }) {
  const now = challenged.now.value;
  return now === null ? null : html`<${Over} key=${now.offered.id} challenged=${challenged} />`;
}

/** The browser's own top layer: nothing of the call shines through. @param {{challenged: Challenged}} properties */
function Over({ challenged }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => dialog.current?.showModal(), []);
  const now = challenged.now.value;
  if (now === null) return null;
  const leave = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (now.at === "ended") challenged.close();
    else challenged.refuse();
  };
  return html`<dialog class="challenge" ref=${dialog} aria-label=${text("challenge.title")} onCancel=${leave} data-at=${now.at}>
    ${now.at === "begun" && html`<${Showing} show=${now.show} beginsMs=${now.beginsMs} onStop=${() => challenged.refuse()} />`}
    ${(now.at === "offered" || now.at === "taking") && html`<${Explained} offered=${now.offered} isTaking=${now.at === "taking"} challenged=${challenged} />`}
    ${now.at === "ended" && html`<${Result} outcome=${now.outcome} reason=${now.reason} onClose=${() => challenged.close()} />`}
  </dialog>`;
}

/** @param {{offered: import("../../call/challenge.js").Offered, isTaking: boolean, challenged: Challenged}} properties */
function Explained({ offered, isTaking, challenged }) {
  const { kind, why, lastsS } = offered;
  const wantsStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  return html`<section class="card card-door challenge-card">
    <h2 class="page-title">${text("challenge.title")}</h2>
    <p class="lead">${text(`challenge.why.${why}`)}</p>
    <p>${text(`challenge.${kind}`, { seconds: Math.ceil(lastsS) })}</p>
    ${kind === "light" && html`<p class="notice notice-plain"><${Icon} name="warning" /><span>${text(wantsStill ? "challenge.still" : "challenge.flashes")}</span></p>`}
    <p class="fine">${text("challenge.may_refuse")}</p>
    <div class="row">
      <${Button} kind="primary" busy=${isTaking} onClick=${() => challenged.take()}>${text("challenge.take")}</${Button}>
      <${Button} onClick=${() => challenged.refuse()}>${text("challenge.refuse")}</${Button}>
    </div>
  </section>`;
}

/** @param {{show: Show, beginsMs: number, onStop: () => void}} properties */
function Showing({ show, beginsMs, onStop }) {
  return html`<div class="challenge-showing">
    ${show.kind === "light" && html`<${Light} show=${show} beginsMs=${beginsMs} />`}
    ${show.kind === "motion" && html`<${Motion} show=${show} beginsMs=${beginsMs} />`}
    ${show.kind === "code" && html`<${Code} digits=${show.digits} beginsMs=${beginsMs} />`}
    <div class="challenge-stop"><${Button} kind="primary" onClick=${onStop}>${text("challenge.stop")}</${Button}></div>
  </div>`;
}

/** Called for every picture of the screen, with the seconds since the beginning. @param {number} beginsMs @param {(elapsedS: number) => void} draw */
function useFrames(beginsMs, draw) {
  useEffect(() => {
    let frame = 0;
    const again = () => {
      draw((performance.now() - beginsMs) / 1000);
      frame = requestAnimationFrame(again);
    };
    again();
    return () => cancelAnimationFrame(frame);
  }, [beginsMs]);
}

/** @param {{show: Extract<Show, {kind: "light"}>, beginsMs: number}} properties */
function Light({ show, beginsMs }) {
  const screen = useRef(/** @type {HTMLDivElement | null} */ (null));
  useFrames(beginsMs, (elapsedS) => {
    screen.current?.style.setProperty("background-color", `rgb(${colourAt(show, elapsedS).join(" ")})`);
  });
  return html`<div class="challenge-light" ref=${screen}><p class="challenge-words">${text("challenge.look_here")}</p></div>`;
}

/** @type {Readonly<Record<string, "arrow" | "arrow-left" | "arrow-up" | "hand" | "plus" | "smile">>} */
const SIGNS = { left: "arrow-left", right: "arrow", up: "arrow-up", hand: "hand", lean: "plus", ahead: "smile" };

/** @param {{show: Extract<Show, {kind: "motion"}>, beginsMs: number}} properties */
function Motion({ show, beginsMs }) {
  const [act, setAct] = useState("ahead");
  useFrames(beginsMs, (elapsedS) => setAct(actAt(show, elapsedS)));
  return html`<div class="challenge-order" aria-live="assertive" data-act=${act}>
    <${Icon} name=${SIGNS[act] ?? "smile"} />
    <p>${text(`challenge.act.${act}`)}</p>
  </div>`;
}

/** @param {{digits: string, beginsMs: number}} properties */
function Code({ digits, beginsMs }) {
  const [isReady, setReady] = useState(false);
  useFrames(beginsMs, (elapsedS) => setReady(elapsedS >= 0));
  return html`<div class="challenge-order" aria-live="assertive">
    <p class="challenge-digits">${isReady ? [...digits].join(" ") : text("challenge.ready")}</p>
    <p>${text("challenge.say")}</p>
  </div>`;
}

const MOODS = /** @type {Readonly<Record<string, "check" | "alarm">>} */ ({ passed: "check", failed: "alarm" });

/** @param {{outcome: string, reason: string, onClose: () => void}} properties */
function Result({ outcome, reason, onClose }) {
  return html`<section class="card card-door challenge-card" role="status">
    <h2 class="page-title challenge-outcome"><${Icon} name=${MOODS[outcome] ?? "question"} />${text(`challenge.outcome.${outcome}`)}</h2>
    <p class="lead">${reasonText(reason, "")}</p>
    <div class="row"><${Button} kind="primary" onClick=${onClose}>${text("action.close")}</${Button}></div>
  </section>`;
}
