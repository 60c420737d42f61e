/** One's own profile, looks, password, ways to prove the account, and devices. */

import { pages, withNext } from "../addresses.js";
import { text } from "../i18n.js";
import { me } from "../session.js";
import { html } from "../ui/html.js";
import { open } from "../ui/shell.js";
import { AuthenticatorCard } from "./me/authenticator.js";
import { BlockedCard } from "./me/blocked.js";
import { Devices } from "./me/devices.js";
import { EnrolmentCard } from "./me/enrolment.js";
import { FindableCard } from "./me/findable.js";
import { Identity } from "./me/identity.js";
import { PasskeysCard } from "./me/passkeys.js";
import { PasswordCard } from "./me/password.js";
import { ProfileCard } from "./me/profile.js";
import { ThemeCard } from "./me/theme.js";

function Me() {
  const profile = me.value;
  if (profile === null) return null;
  const isGuest = profile.role === "guest";
  return html`
    <h1 class="unseen">${text("me.title")}</h1>
    <div class="columns columns-reversed">
      <${Identity} profile=${profile} isGuest=${isGuest} />
      <div class="stack">
        ${!isGuest && html`<${ProfileCard} profile=${profile} />`}
        ${!isGuest && html`<${FindableCard} profile=${profile} />`}
        ${!isGuest && html`<${ThemeCard} profile=${profile} />`}
        ${!isGuest && html`<${PasswordCard} />`}
        ${!isGuest && html`<${PasskeysCard} />`}
        ${!isGuest && html`<${AuthenticatorCard} />`}
        ${!isGuest && html`<${EnrolmentCard} />`}
        <${Devices} isGuest=${isGuest} />
        <${BlockedCard} />
      </div>
    </div>
  `;
}

open({
  title: "me.title",
  content: Me,
  elsewhere: (profile) => (profile === null ? withNext(pages.login, pages.me) : null),
});
