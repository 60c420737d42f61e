/** Whether one's face and voice are remembered from call to call: agreed to, shown, forgotten. */

import { agreeToEnrolment, enrolment, forgetEnrolment } from "../../enrolment.js";
import { errorText, moment, text } from "../../i18n.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { html } from "../../ui/html.js";
import { NotYet, useDeed, useLoaded } from "../../ui/loaded.js";
import { Notice } from "../../ui/notice.js";
import { announce } from "../../ui/toast.js";
import { WithPassword } from "./with-password.js";

/** @typedef {import("../../enrolment.js").Enrolment} Enrolment */
/** @typedef {{known: Enrolment, onChanged: () => Promise<void>}} Properties */

const TRANSLATED = "1";
const WORDS = {
  face: { learned: "enrolment.face_learned", notYet: "enrolment.face_not_yet" },
  voice: { learned: "enrolment.voice_learned", notYet: "enrolment.voice_not_yet" },
};

export function EnrolmentCard() {
  const { thing: known, ...loading } = useLoaded(enrolment);
  return html`<${Card} title=${text("enrolment.title")} lead=${text("enrolment.lead")}>
    ${known === null
      ? html`<${NotYet} ...${loading} rows=${1} />`
      : known.agreed_at === null
        ? html`<${Agree} known=${known} onChanged=${loading.again} />`
        : html`<${Remembered} known=${known} onChanged=${loading.again} />`}
  </${Card}>`;
}

/** @param {Properties} properties */
function Agree({ known, onChanged }) {
  /** @param {Record<string, string>} values */
  const submit = async ({ password = "" }) => {
    await agreeToEnrolment(known.version, password);
    announce(text("enrolment.agreed"));
    await onChanged();
  };
  const isForeign = known.version !== TRANSLATED;
  return html`<div class="stack">
    <p lang=${isForeign ? "en" : undefined}>${isForeign ? known.text : text("enrolment.text")}</p>
    <${WithPassword} submit=${submit} words=${text("enrolment.agree")} />
  </div>`;
}

/** @param {Properties} properties */
function Remembered({ known, onChanged }) {
  const forgetting = useDeed(async () => {
    await forgetEnrolment();
    announce(text("enrolment.forgotten"));
    await onChanged();
  });
  return html`<div class="stack">
    <p>${text("enrolment.since", { when: moment(known.agreed_at ?? "") })}</p>
    <ul class="plain-list">
      ${/** @type {const} */ (["face", "voice"]).map((kind) => html`<li key=${kind}>${learnedText(kind, known.learned[kind])}</li>`)}
    </ul>
    <div class="row"><${Button} kind="danger" busy=${forgetting.busy} onClick=${forgetting.run}>${text("enrolment.forget")}</${Button}></div>
    ${forgetting.failure !== null && html`<${Notice} kind="danger">${errorText(forgetting.failure)}</${Notice}>`}
  </div>`;
}

/** @param {"face" | "voice"} kind @param {string | undefined} at */
function learnedText(kind, at) {
  const { learned, notYet } = WORDS[kind];
  return at === undefined ? text(notYet) : text(learned, { when: moment(at) });
}
