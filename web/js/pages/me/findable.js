/** Whether others find one by one's name. */

import { useState } from "preact/hooks";
import { errorText, text } from "../../i18n.js";
import { changeProfile } from "../../people.js";
import { take } from "../../session.js";
import { Card } from "../../ui/card.js";
import { Check } from "../../ui/check.js";
import { html } from "../../ui/html.js";
import { Notice } from "../../ui/notice.js";

/** @param {{profile: import("../../session.js").Profile}} properties one's own */
export function FindableCard({ profile }) {
  const [failure, setFailure] = useState(/** @type {unknown} */ (null));
  const change = (/** @type {boolean} */ findable) => {
    setFailure(null);
    return changeProfile({ findable }).then(take, setFailure);
  };
  return html`<${Card} title=${text("findable.title")} lead=${text("findable.lead")}>
    <${Check} words=${text("findable.on")} isOn=${profile.findable === true} onChange=${change} />
    ${failure !== null && html`<${Notice} kind="danger">${errorText(failure)}</${Notice}>`}
  </${Card}>`;
}
