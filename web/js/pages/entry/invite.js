/** Inviting to a room: make a link, hand it on, see which are open, close them. */

import { useState } from "preact/hooks";
import { counted, distance, errorText, moment, text } from "../../i18n.js";
import { closeInvitation, invite, openInvitations } from "../../rooms.js";
import { Button } from "../../ui/button.js";
import { CopyField } from "../../ui/copy.js";
import { Dialog } from "../../ui/dialog.js";
import { ChoiceField, TextField } from "../../ui/field.js";
import { Form, Submit } from "../../ui/form.js";
import { html } from "../../ui/html.js";
import { NotYet, useDeed, useLoaded } from "../../ui/loaded.js";
import { Notice } from "../../ui/notice.js";
import { QrCode } from "../../ui/qr-code.js";
import { announce } from "../../ui/toast.js";
import { SendInvitation } from "./send-invitation.js";

/** @typedef {import("../../rooms.js").Room} Room */
/** @typedef {import("../../rooms.js").Invitation} Invitation */

const LIVES = /** @type {const} */ ([
  [1, "hour"],
  [24, "day"],
  [24 * 7, "week"],
  [24 * 30, "month"],
]);

const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

/** @param {{room: Room, onClose: () => void}} properties a room that one may invite to */
export function InviteDialog({ room, onClose }) {
  return html`<${Dialog} title=${text("invite.to", { title: room.title })} onClose=${onClose}>
    <${Invitations} room=${room} />
  </${Dialog}>`;
}

/** @param {{room: Room}} properties */
function Invitations({ room }) {
  const listed = useLoaded(() => openInvitations(room.id), [room.id]);
  const [shown, setShown] = useState(/** @type {Invitation | null} */ (null));
  const made = (/** @type {Invitation} */ one) => {
    setShown(one);
    listed.put([one, ...(listed.thing ?? [])]);
  };
  const closed = (/** @type {Invitation} */ one) => {
    announce(text("invite.closed"));
    if (shown?.id === one.id) setShown(null);
    listed.put((listed.thing ?? []).filter((other) => other.id !== one.id));
  };
  return html`
    ${shown && html`<${Share} key=${shown.id} title=${room.title} invitation=${shown} />`}
    <${NewInvitation} room=${room} onMade=${made} />
    <section>
      <h3 class="part-title">${text("invite.open")}</h3>
      ${listed.thing === null
        ? html`<${NotYet} ...${listed} rows=${1} />`
        : html`<${OpenList} room=${room} open=${listed.thing} onShow=${setShown} onClosed=${closed} />`}
    </section>
  `;
}

/** @param {{title: string, invitation: Invitation}} properties */
function Share({ title, invitation }) {
  const link = new URL(invitation.path, location.origin).href;
  return html`<section class="share" aria-label=${text("invite.ready")}>
    <div class="stack">
      <${CopyField} label=${text("invite.link")} value=${link} />
      <p class="fine">
        ${counted("invite.uses_left", invitation.uses_left)}${" · "}
        ${text("invite.until", { when: moment(invitation.expires_at) })}
      </p>
      ${invitation.has_pin && html`<p class="fine">${text("invite.tell_pin")}</p>`}
      ${LOOPBACK.test(location.hostname) && html`<p class="fine">${text("invite.only_here")}</p>`}
    </div>
    <${QrCode} value=${link} label=${text("invite.qr")} />
    <${SendInvitation} words=${text("invite.words", { title, link })} />
  </section>`;
}

/** @param {{room: Room, onMade: (invitation: Invitation) => void}} properties */
function NewInvitation({ room, onMade }) {
  /**
   * @param {Record<string, string>} values
   * @param {HTMLFormElement} form
   */
  const submit = async ({ uses, hours, pin = "" }, form) => {
    const wish = { uses: Number(uses), hours: Number(hours), pin };
    onMade(await invite(room.id, wish));
    announce(text("invite.made"));
    form.reset();
  };
  const lives = LIVES.map(([hours, name]) => [String(hours), text(`invite.life.${name}`)]);
  return html`<section>
    <h3 class="part-title">${text("invite.new")}</h3>
    <${Form} onSubmit=${submit}>
      ${() => html`
        <div class="fields">
          <${TextField}
            name="uses" label=${text("invite.uses")} type="number" inputMode="numeric" min=${1}
            max=${1000} value="10" required
          />
          <${ChoiceField} name="hours" label=${text("invite.life")} value="24" choices=${lives} />
        </div>
        <${TextField}
          name="pin" label=${text("pin.label")} hint=${text("invite.pin_hint")} maxLength=${12}
          inputMode="numeric" pattern="[0-9]*" autocomplete="off"
        />
        <${Submit}>${text("invite.make")}</${Submit}>
      `}
    </${Form}>
  </section>`;
}

/**
 * @param {{
 *   room: Room, open: Invitation[], onShow: (one: Invitation) => void,
 *   onClosed: (one: Invitation) => void,
 * }} properties
 */
function OpenList({ room, open, onShow, onClosed }) {
  if (open.length === 0) return html`<p class="lead">${text("invite.none")}</p>`;
  return html`<ul class="invitations">
    ${open.map((one) => html`<${OpenRow} key=${one.id} room=${room} one=${one} onShow=${onShow} onClosed=${onClosed} />`)}
  </ul>`;
}

/**
 * @param {{
 *   room: Room, one: Invitation, onShow: (one: Invitation) => void,
 *   onClosed: (one: Invitation) => void,
 * }} properties
 */
function OpenRow({ room, one, onShow, onClosed }) {
  const { busy, failure, run } = useDeed(async () => {
    await closeInvitation(room.id, one.id);
    onClosed(one);
  });
  return html`<li class="invitation">
    <div class="room-words">
      <p class="row"><code>${one.code}</code>${one.has_pin && html`<span class="badge">${text("invite.with_pin")}</span>`}</p>
      <p class="fine">
        ${counted("invite.uses_left", one.uses_left)}${" · "}
        ${text("invite.ends", { when: distance(one.expires_at, Date.now()) })}
      </p>
    </div>
    <div class="row">
      <${Button} label=${text("invite.show_which", { code: one.code })} onClick=${() => onShow(one)}>${text("invite.show")}</${Button}>
      <${Button} kind="danger" busy=${busy} label=${text("invite.close_which", { code: one.code })} onClick=${run}>${text("invite.close")}</${Button}>
    </div>
    ${failure !== null && html`<${Notice} kind="danger">${errorText(failure)}</${Notice}>`}
  </li>`;
}
