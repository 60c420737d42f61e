/** What somebody sees who is not signed in: what this is, and three ways in. */

import { pages } from "../../addresses.js";
import { text } from "../../i18n.js";
import { wasEnded } from "../../session.js";
import { ButtonLink } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { CodeForm } from "../../ui/code-form.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { Notice } from "../../ui/notice.js";

const FACTS = /** @type {const} */ ([
  ["door", "own"],
  ["people", "guests"],
  ["device", "devices"],
]);

export function Welcome() {
  return html`
    ${wasEnded.value && html`<${Notice} kind="plain">${text("error.session_ended")}</${Notice}>`}
    <div class="hero">
      <div class="hero-words">
        <h1 class="hero-title">${text("welcome.title")}</h1>
        <p class="lead">${text("welcome.words")}</p>
        <div class="row">
          <${ButtonLink} kind="primary" href=${pages.register}>${text("action.make_account")}</${ButtonLink}>
          <${ButtonLink} href=${pages.login}>${text("action.sign_in")}</${ButtonLink}>
        </div>
      </div>
      <img class="hero-picture" src="/static/images/rooms.svg" alt="" width="480" height="400" />
    </div>
    <div class="columns">
      <section class="facts" aria-label=${text("welcome.facts")}>
        ${FACTS.map(([icon, key]) => html`<${Fact} key=${key} icon=${icon} about=${key} />`)}
      </section>
      <${Card} title=${text("code.title")} lead=${text("code.lead")}><${CodeForm} /></${Card}>
    </div>
  `;
}

/** @param {{icon: string, about: string}} properties */
function Fact({ icon, about }) {
  return html`<div class="fact">
    <${Icon} name=${icon} />
    <h2 class="fact-title">${text(`welcome.${about}.title`)}</h2>
    <p class="lead">${text(`welcome.${about}.words`)}</p>
  </div>`;
}
