/** An address that leads nowhere. */

import { pages } from "../addresses.js";
import { text } from "../i18n.js";
import { ButtonLink } from "../ui/button.js";
import { html } from "../ui/html.js";
import { open } from "../ui/shell.js";

function NotFound() {
  return html`<div class="narrow">
    <section class="card card-door">
      <h1 class="page-title">${text("not_found.title")}</h1>
      <p class="lead">${text("not_found.words")}</p>
      <p class="wrong-address"><code>${location.pathname}</code></p>
      <div class="row">
        <${ButtonLink} kind="primary" href=${pages.entry}>${text("action.to_start")}</${ButtonLink}>
      </div>
    </section>
  </div>`;
}

open({ title: "not_found.title", content: NotFound });
