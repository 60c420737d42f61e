/** Stickers and emoji to choose from; emoji are found by their names, in the language of the page. */

import { useEffect, useState } from "preact/hooks";
import { language, text } from "../../i18n.js";
import { html } from "../html.js";
import { Menu } from "./menu.js";

/** @typedef {{unicode: string, annotation: string}} Emoji */

/** The pictures in `images/stickers`. */
const STICKERS = ["hello", "thanks", "yes", "no", "love", "laugh", "cry", "wow", "sleepy", "party"];
/** Groups of Unicode, each with the sign for it. @type {readonly [number, string][]} */
const GROUPS = [[0, "😀"], [1, "👋"], [3, "🐶"], [4, "🍎"], [5, "🚗"], [6, "⚽"], [7, "💡"], [8, "🔣"], [9, "🏁"]];
const FOUND_BY = { en: "en", "zh-CN": "zh" };

/** @type {Map<string, Promise<any>>} the databases that were opened, by language */
const opened = new Map();

/** Read when somebody first looks for an emoji, and kept by the browser. @param {string} tag */
function database(tag) {
  const known = opened.get(tag);
  if (known !== undefined) return known;
  const opening = import("emoji-picker-element/database").then(
    ({ default: Database }) => new Database({ locale: tag, dataSource: `/packages/emoji-picker-element-data/${tag}/emojibase/data.json` }),
  );
  opened.set(tag, opening);
  return opening;
}

/**
 * @param {{
 *   opener: HTMLElement, onClose: () => void, onEmoji: (emoji: string) => void, onSticker?: (name: string) => void,
 * }} properties
 */
export function Picker({ opener, onClose, onEmoji, onSticker }) {
  const [group, setGroup] = useState(onSticker === undefined ? 0 : -1);
  const [sought, setSought] = useState("");
  const isStickers = group === -1 && sought.length < 2;
  return html`<${Menu} opener=${opener} onClose=${onClose} label=${text("picker.name")} role="dialog">
    <div class="picker">
      <input
        class="input picker-search" type="search" placeholder=${text("picker.search")} aria-label=${text("picker.search")}
        value=${sought} onInput=${(/** @type {any} */ event) => setSought(event.currentTarget.value)}
      />
      <div class="picker-groups" role="group" aria-label=${text("picker.groups")}>
        ${onSticker && html`<button type="button" class="picker-group" aria-pressed=${isStickers ? "true" : "false"} aria-label=${text("picker.stickers")} onClick=${() => setGroup(-1)}>🖼</button>`}
        ${GROUPS.map(([number, sign]) => html`<button
          key=${number} type="button" class="picker-group" aria-pressed=${group === number ? "true" : "false"}
          aria-label=${text(`picker.group.${number}`)} onClick=${() => setGroup(number)}
        >${sign}</button>`)}
      </div>
      ${isStickers && onSticker
        ? html`<${Stickers} onSticker=${onSticker} />`
        : html`<${EmojiGrid} group=${Math.max(group, 0)} sought=${sought} onEmoji=${onEmoji} />`}
    </div>
  </${Menu}>`;
}

/** @param {{onSticker: (name: string) => void}} properties */
function Stickers({ onSticker }) {
  return html`<div class="picker-stickers">
    ${STICKERS.map((name) => html`<button key=${name} type="button" class="picker-sticker" aria-label=${text(`sticker.${name}`)} onClick=${() => onSticker(name)}>
      <img src="/static/images/stickers/${name}.svg" alt="" width="64" height="64" />
    </button>`)}
  </div>`;
}

/** @param {{group: number, sought: string, onEmoji: (emoji: string) => void}} properties */
function EmojiGrid({ group, sought, onEmoji }) {
  const [found, setFound] = useState(/** @type {Emoji[] | null} */ (null));
  const tag = FOUND_BY[language.value];
  useEffect(() => {
    let isWanted = true;
    const look = sought.length < 2 ? (/** @type {any} */ all) => all.getEmojiByGroup(group) : (/** @type {any} */ all) => all.getEmojiBySearchQuery(sought);
    database(tag).then(look).then((list) => isWanted && setFound(list), () => isWanted && setFound([]));
    return () => {
      isWanted = false;
    };
  }, [tag, group, sought]);
  if (found?.length === 0) return html`<p class="lead picker-none">${text("picker.none")}</p>`;
  return html`<div class="picker-emoji" aria-busy=${found === null ? "true" : undefined}>
    ${found?.map(({ unicode, annotation }) => html`<button key=${unicode} type="button" class="menu-emoji" title=${annotation} aria-label=${annotation} onClick=${() => onEmoji(unicode)}>${unicode}</button>`)}
  </div>`;
}
