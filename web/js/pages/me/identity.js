/** Who one is here: picture, names, tags, and the way out. */

import { pages } from "../../addresses.js";
import { errorText, text } from "../../i18n.js";
import { readProfile, removeAvatar, setAvatar } from "../../people.js";
import { calledName, signOut, take } from "../../session.js";
import { Avatar } from "../../ui/avatar.js";
import { Button, ButtonLink } from "../../ui/button.js";
import { html } from "../../ui/html.js";
import { useDeed } from "../../ui/loaded.js";
import { Notice } from "../../ui/notice.js";
import { shrunk } from "../../ui/picture.js";
import { announce } from "../../ui/toast.js";

/** @typedef {import("../../session.js").Profile} Profile */

/** @param {{profile: Profile, isGuest: boolean}} properties */
export function Identity({ profile, isGuest }) {
  const leaving = useDeed(async () => {
    await signOut();
    location.assign(pages.entry);
  });
  return html`<section class="card identity" aria-label=${text("me.who")}>
    <${Avatar} profile=${profile} size="large" />
    <div>
      <h2 class="identity-name">${calledName(profile)}</h2>
      <p class="fine">${text(isGuest ? "me.guest" : "me.account", { name: profile.name })}</p>
    </div>
    <ul class="tags" aria-label=${text("me.tags")}>
      ${profile.tags.map((tag) => html`<li class="tag" key=${tag}>${text(`tag.${tag}`)}</li>`)}
    </ul>
    ${isGuest ? html`<${GuestWords} />` : html`<${PictureButtons} profile=${profile} />`}
    <${Button} kind="danger" wide busy=${leaving.busy} onClick=${leaving.run}>${text("action.sign_out")}</${Button}>
    ${leaving.failure !== null && html`<${Notice} kind="danger">${errorText(leaving.failure)}</${Notice}>`}
  </section>`;
}

function GuestWords() {
  return html`
    <p class="lead">${text("guest.words")}</p>
    <${ButtonLink} kind="primary" href=${pages.register}>${text("action.make_account")}</${ButtonLink}>
  `;
}

/** @param {{profile: Profile}} properties */
function PictureButtons({ profile }) {
  const removal = useDeed(async () => {
    await removeAvatar();
    take(await readProfile());
    announce(text("avatar.removed"));
  });
  return html`
    <div class="row row-centred">
      <${PictureUpload} />
      ${profile.avatar !== null &&
      html`<${Button} kind="quiet" busy=${removal.busy} onClick=${removal.run}>${text("avatar.remove")}</${Button}>`}
    </div>
    ${removal.failure !== null && html`<${Notice} kind="danger">${errorText(removal.failure)}</${Notice}>`}
  `;
}

function PictureUpload() {
  /** @type {{files: FileList | null}} */
  const chosen = { files: null };
  const upload = useDeed(async () => {
    const file = chosen.files?.[0];
    if (file === undefined) return;
    await setAvatar(await shrunk(file));
    take(await readProfile());
    announce(text("avatar.saved"));
  });
  const choose = async (/** @type {Event & {currentTarget: HTMLInputElement}} */ event) => {
    const field = event.currentTarget;
    chosen.files = field.files;
    await upload.run();
    // The same file chosen again would otherwise be no change.
    field.value = "";
  };
  return html`
    <label class="button button-soft upload" aria-busy=${upload.busy ? "true" : undefined}>
      ${text("avatar.choose")}
      <input type="file" accept="image/*" disabled=${upload.busy} onChange=${choose} />
    </label>
    ${upload.failure !== null && html`<${Notice} kind="danger">${errorText(upload.failure)}</${Notice}>`}
  `;
}
