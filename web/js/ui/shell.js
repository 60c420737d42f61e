/**
 * What every page has around it, and how a page begins: texts and session first, in parallel, then
 * one drawing of the whole.
 */

import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { pages, withNext } from "../addresses.js";
import { LANGUAGES, choose, errorText, firstLanguage, language, speak, text } from "../i18n.js";
import { calledName, keepPresent, me, wasEnded, whoAmI } from "../session.js";
import { Avatar } from "./avatar.js";
import { Button, ButtonLink } from "./button.js";
import { html } from "./html.js";
import { Notice } from "./notice.js";
import { openOwnLine } from "./own-line.js";
import { RingBanner, listenForCalls } from "./ring-banner.js";
import { SystemBanner, listenForMessages } from "./system-banner.js";
import { Toast } from "./toast.js";

/** @typedef {import("./html.js").Children} Children */
/** @typedef {import("../session.js").Profile} Profile */

/**
 * @typedef {object} Page
 * @property {string} title key of its title
 * @property {() => Children} content
 * @property {(profile: Profile | null) => string | null} [elsewhere] where somebody has to go who
 *   does not belong here
 * @property {(profile: Profile) => Promise<void>} [prepare] what the first drawing needs, so that
 *   nothing moves when it comes; it does not fail
 * @property {boolean} [fills] exactly the screen, without a footer
 */

const OPERATORS = new Set(["operator", "administrator"]);

/** True while the page needs the whole screen: a call has no header and no footer. */
export const isImmersed = signal(false);

/**
 * Begin the page.
 *
 * @param {Page} page
 */
export async function open(page) {
  const [, session] = await Promise.allSettled([speak(firstLanguage(navigator.languages)), whoAmI()]);
  const away = page.elsewhere?.(me.value) ?? null;
  if (session.status === "fulfilled" && away !== null) {
    location.replace(away);
    return;
  }
  if (me.value !== null) await page.prepare?.(me.value);
  reflect(page.title);
  listenForCalls();
  listenForMessages();
  openOwnLine();
  keepPresent(() => document.visibilityState === "visible");
  const failure = session.status === "rejected" ? session.reason : null;
  draw(failure === null ? page.content : () => html`<${Broken} error=${failure} />`, page.fills === true);
}

/** @param {() => Children} Content @param {boolean} fills */
function draw(Content, fills) {
  const root = document.getElementById("app");
  if (root === null) throw new Error("The page has no place to draw in.");
  root.replaceChildren();
  render(html`<${Shell} fills=${fills}><${Content} /></${Shell}>`, root);
}

/**
 * Keep the document's own attributes as the person wants them.
 *
 * @param {string} title
 */
function reflect(title) {
  const root = document.documentElement;
  effect(() => {
    root.lang = language.value;
    document.title = `${text(title)} · Candor`;
  });
  effect(() => {
    const profile = me.value;
    if (profile === null || profile.role === "guest") delete root.dataset.themeMode;
    else root.dataset.themeMode = profile.theme_mode;
  });
}

/** @param {{fills: boolean, children: Children}} properties */
function Shell({ fills, children }) {
  if (isImmersed.value) return html`${children}<${Banners} /><${Toast} />`;
  return html`
    <a class="skip" href="#content">${text("shell.skip")}</a>
    <header class="top">
      <a class="brand" href=${pages.entry}><span class="brand-mark" aria-hidden="true"></span>Candor</a>
      <nav class="top-nav" aria-label=${text("shell.navigation")}>
        ${OPERATORS.has(me.value?.role ?? "") && location.pathname !== pages.console && html`<a class="top-link" href=${pages.console}>${text("console.title")}</a>`}
        <${LanguageChoice} />
        <${Who} profile=${me.value} />
      </nav>
    </header>
    <main class="page" id="content" tabindex="-1">
      ${me.value !== null && wasEnded.value && html`<${Ended} />`}
      ${children}
    </main>
    ${!fills && html`<${Foot} />`}
    <${Banners} />
    <${Toast} />
  `;
}

const Banners = () => html`<div class="rings"><${RingBanner} /><${SystemBanner} /></div>`;

function Foot() {
  return html`<footer class="foot">
    <span>${text("shell.promise")}</span>
    <a href=${pages.diagnose}>${text("diagnose.title")}</a>
    <a href=${pages.apiDescription}>${text("shell.api")}</a>
  </footer>`;
}

/** Above a page that was open when its session was ended; what was typed below can be saved elsewhere. */
function Ended() {
  return html`<div class="above">
    <${Notice} kind="danger">
      ${text("error.session_ended")}${" "}
      <a href=${withNext(pages.login, location.pathname)}>${text("action.sign_in")}</a>
    </${Notice}>
  </div>`;
}

/** @param {{profile: Profile | null}} properties */
function Who({ profile }) {
  if (profile === null) {
    const isThere = location.pathname === pages.login;
    return isThere ? null : html`<a class="top-link" href=${pages.login}>${text("action.sign_in")}</a>`;
  }
  return html`<a class="who" href=${pages.me}>
    <${Avatar} profile=${profile} size="small" />
    <span class="who-name">${calledName(profile)}</span>
    <span class="unseen">${text("shell.my_profile")}</span>
  </a>`;
}

function LanguageChoice() {
  const change = (/** @type {Event & {currentTarget: HTMLSelectElement}} */ event) =>
    choose(/** @type {import("../i18n.js").Language} */ (event.currentTarget.value));
  const options = Object.entries(LANGUAGES).map(
    ([tag, name]) =>
      html`<option value=${tag} lang=${tag} selected=${tag === language.value}>${name}</option>`,
  );
  return html`<label class="language">
    <span class="unseen">${text("shell.language")}</span>
    <select class="language-select" onChange=${change}>${options}</select>
  </label>`;
}

/** @param {{error: unknown}} properties */
function Broken({ error }) {
  return html`<div class="narrow">
    <section class="card" role="alert">
      <h1 class="page-title">${text("broken.title")}</h1>
      <p class="lead">${errorText(error)}</p>
      <div class="row">
        <${Button} kind="primary" onClick=${() => location.reload()}>${text("action.try_again")}</${Button}>
        <${ButtonLink} href=${pages.entry}>${text("action.to_start")}</${ButtonLink}>
      </div>
    </section>
  </div>`;
}
