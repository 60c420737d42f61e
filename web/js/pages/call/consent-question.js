/** What looking at people means here, in words, and whether one agrees; asked before anybody looks. */

import { language, text } from "../../i18n.js";
import { Check } from "../../ui/check.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";

// The version of the text that the pages have in every language.
const TRANSLATED = "2";

/** @param {{asked: import("../../consent.js").Asked, agrees: boolean, onChange: (agrees: boolean) => void}} properties */
export function ConsentQuestion({ asked, agrees, onChange }) {
  const { runs, encrypted, version, seen_by: seenBy, own_seen: isOwnSeen, consent_required: isRequired } = asked.detection;
  if (encrypted) return html`<p class="fine">${text("consent.encrypted")}</p>`;
  if (!runs) return html`<p class="fine">${text("consent.off")}</p>`;
  const isForeign = version !== TRANSLATED && language.value !== "en";
  return html`<section class="consent" aria-label=${text("consent.title")}>
    <p class="consent-head"><${Icon} name="shield" />${text(`consent.seen_by.${seenBy}`)}${isOwnSeen && ` ${text("consent.own_seen")}`}</p>
    <details>
      <summary>${text("consent.more")}</summary>
      <p class="fine" lang=${isForeign ? "en" : undefined}>${version === TRANSLATED ? text("consent.text") : asked.text}</p>
    </details>
    <${Check} words=${text("consent.agree")} isOn=${agrees} onChange=${onChange} />
    ${isRequired && !agrees && html`<p class="fine" role="status">${text("consent.required")}</p>`}
  </section>`;
}
