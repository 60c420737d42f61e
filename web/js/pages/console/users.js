/** Everybody who has an account or is a guest; closed and opened again, with another role. */

import { useState } from "preact/hooks";
import { banUser, setUserRole, unbanUser, usersFrom } from "../../console/operating.js";
import { errorText, moment, text } from "../../i18n.js";
import { calledName, me } from "../../session.js";
import { Button } from "../../ui/button.js";
import { html } from "../../ui/html.js";
import { announce } from "../../ui/toast.js";
import { ExportButtons } from "./export-buttons.js";
import { Filter } from "./filter.js";
import { Table, usePages } from "./table.js";

/** @typedef {import("../../console/operating.js").User} User */

const ROLES = /** @type {const} */ (["guest", "caller", "operator", "administrator"]);

export function Users() {
  const [role, setRole] = useState("");
  const ask = async (/** @type {string} */ cursor) => {
    const { users, next } = await usersFrom(cursor);
    return { rows: users.filter((user) => role === "" || user.role === role), next };
  };
  const pages = usePages(ask, "", [role]);
  const heads = ["name", "role", "since", "state", "do"].map((head) => text(`users.${head}`));
  return html`
    <header class="console-head"><h1 class="page-title">${text("console.users")}</h1><${ExportButtons} name="users" rows=${() => pages.rows ?? []} /></header>
    <div class="console-filters"><${Filter} label=${text("users.role")} value=${role} choices=${ROLES.map((one) => [one, text(`users.role.${one}`)])} onChange=${setRole} /></div>
    <${Table} heads=${heads} pages=${pages} none=${text("users.none")} row=${(/** @type {User} */ user) => html`<${UserRow} key=${user.id} user=${user} again=${pages.again} />`} />
  `;
}

/** @param {{user: User, again: () => void}} properties */
function UserRow({ user, again }) {
  const isAdministrator = me.value?.role === "administrator";
  const isMe = user.id === me.value?.id;
  const after = (/** @type {Promise<unknown>} */ done) => done.then(again, (error) => announce(errorText(error)));
  const ban = () => {
    const reason = prompt(text("users.reason", { name: calledName(user) }));
    if (reason) after(banUser(user.id, reason));
  };
  const change = (/** @type {Event & {currentTarget: HTMLSelectElement}} */ event) => after(setUserRole(user.id, event.currentTarget.value));
  return html`<tr>
    <th scope="row"><span class="table-main">${calledName(user)}</span><span class="fine">${user.name}</span></th>
    <td>${isAdministrator && user.role !== "guest" && !isMe
      ? html`<select class="input" aria-label=${text("users.role_of", { name: user.name })} onChange=${change}>
          ${ROLES.slice(1).map((role) => html`<option key=${role} value=${role} selected=${role === user.role}>${text(`users.role.${role}`)}</option>`)}
        </select>`
      : text(`users.role.${user.role}`)}</td>
    <td class="when">${moment(user.created_at)}</td>
    <td>${user.banned_at === null ? text("users.open") : text("users.closed", { reason: user.ban_reason ?? "" })}</td>
    <td>${isMe ? null : user.banned_at === null
      ? html`<${Button} kind="danger" label=${text("users.ban_whom", { name: user.name })} onClick=${ban}>${text("users.ban")}</${Button}>`
      : html`<${Button} label=${text("users.unban_whom", { name: user.name })} onClick=${() => after(unbanUser(user.id))}>${text("users.unban")}</${Button}>`}</td>
  </tr>`;
}
