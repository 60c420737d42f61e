/** Hand an invitation to somebody by a direct message. */

import { sayTo } from "../../chats.js";
import { errorText, text } from "../../i18n.js";
import { calledName } from "../../session.js";
import { html } from "../../ui/html.js";
import { useDeed } from "../../ui/loaded.js";
import { Notice } from "../../ui/notice.js";
import { PeopleFinder } from "../../ui/people-finder.js";
import { announce } from "../../ui/toast.js";

/** @typedef {import("../../ui/people-finder.js").Choice} Choice */

/** @param {{words: string}} properties what is said to whoever is chosen */
export function SendInvitation({ words }) {
  const target = { person: /** @type {Choice | null} */ (null) };
  const sending = useDeed(async () => {
    if (target.person === null) return;
    await sayTo(target.person.id, words);
    announce(text("invite.sent", { name: calledName(target.person) }));
  });
  const choose = (/** @type {Choice} */ person) => {
    target.person = person;
    sending.run();
  };
  return html`<details class="send">
    <summary>${text("invite.send")}</summary>
    <div class="stack">
      <${PeopleFinder} onChoose=${choose} />
      ${sending.failure !== null && html`<${Notice} kind="danger">${errorText(sending.failure)}</${Notice}>`}
    </div>
  </details>`;
}
