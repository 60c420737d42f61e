/** How Candor looks to oneself: four themes, each shown as a piece of itself. */

import { useState } from "preact/hooks";
import { errorText, text } from "../../i18n.js";
import { changeProfile } from "../../people.js";
import { take } from "../../session.js";
import { Card } from "../../ui/card.js";
import { html } from "../../ui/html.js";
import { Notice } from "../../ui/notice.js";

/** @typedef {import("../../session.js").Profile} Profile */
/** @typedef {import("../../session.js").ThemeMode} ThemeMode */

const MODES = /** @type {const} */ (["life", "geek", "fury", "emo"]);

/** @param {{profile: Profile}} properties */
export function ThemeCard({ profile }) {
  const [failure, setFailure] = useState(/** @type {unknown} */ (null));
  const wear = async (/** @type {ThemeMode} */ mode) => {
    setFailure(null);
    take({ ...profile, theme_mode: mode });
    try {
      take(await changeProfile({ theme_mode: mode }));
    } catch (error) {
      take(profile);
      setFailure(error);
    }
  };
  return html`<${Card} title=${text("theme.title")} lead=${text("theme.lead")}>
    ${failure !== null && html`<${Notice} kind="danger">${errorText(failure)}</${Notice}>`}
    <fieldset class="themes">
      <legend class="unseen">${text("theme.title")}</legend>
      ${MODES.map((mode) => html`<${Choice} key=${mode} mode=${mode} worn=${profile.theme_mode} onWear=${wear} />`)}
    </fieldset>
  </${Card}>`;
}

/** @param {{mode: ThemeMode, worn: ThemeMode, onWear: (mode: ThemeMode) => void}} properties */
function Choice({ mode, worn, onWear }) {
  return html`<label class="theme" data-theme-mode=${mode}>
    <span class="theme-head">
      <input type="radio" name="theme" value=${mode} checked=${mode === worn} onChange=${() => onWear(mode)} />
      ${text(`tag.${mode}`)}
    </span>
    <span class="theme-piece" aria-hidden="true"></span>
    <span class="theme-words">${text(`theme.${mode}`)}</span>
  </label>`;
}
