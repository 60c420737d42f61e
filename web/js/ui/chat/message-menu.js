/** What can be done with a message: a few answers at hand, and everything else by name. */

import { text } from "../../i18n.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { announce } from "../toast.js";
import { complain } from "./complain.js";
import { Menu } from "./menu.js";

/** @typedef {import("../../chat/conversation.js").Conversation} Conversation */
/** @typedef {import("../../chat/messages.js").Message} Message */
/** @typedef {import("./desk.js").Desk} Desk */

const AT_HAND = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

/**
 * @typedef {object} Act
 * @property {string} name also of its text, `act.…`
 * @property {string} icon
 * @property {(message: Message, conversation: Conversation) => boolean} may
 * @property {(message: Message, conversation: Conversation, desk: Desk) => unknown} run
 */

/** @type {readonly Act[]} */
const ACTS = [
  { name: "reply", icon: "reply", may: () => true, run: (message, _, desk) => desk.reply(message) },
  { name: "edit", icon: "edit", may: mayEdit, run: (message, _, desk) => desk.edit(message) },
  { name: "copy", icon: "copy", may: ({ text: words }) => words !== "", run: (message) => copy(message.text) },
  {
    name: "pin",
    icon: "pin",
    may: ({ pinned_at }, { mayPin }) => mayPin && pinned_at === null,
    run: (message, conversation) => conversation.pin(message),
  },
  {
    name: "unpin",
    icon: "pin",
    may: ({ pinned_at }, { mayPin }) => mayPin && pinned_at !== null,
    run: (message, conversation) => conversation.pin(message),
  },
  { name: "forward", icon: "forward", may: () => true, run: (message, _, desk) => (desk.sheet.value = { name: "forward", message }) },
  {
    name: "report",
    icon: "flag",
    may: ({ sender }, { identity }) => sender !== identity,
    run: (message, _, desk) => (desk.sheet.value = { name: "report", message }),
  },
  {
    name: "remove",
    icon: "trash",
    may: ({ sender }, { identity, moderates }) => sender === identity || moderates,
    run: (message, _, desk) => (desk.sheet.value = { name: "remove", message }),
  },
];

/** @param {Message} message @param {Conversation} conversation */
export function mayEdit({ sender, kind, deleted_at }, { identity }) {
  return sender === identity && deleted_at === null && kind !== "emoji" && kind !== "sticker";
}

/** @param {{message: Message, conversation: Conversation, desk: Desk, opener: HTMLElement, onClose: () => void}} properties */
export function MessageMenu({ message, conversation, desk, opener, onClose }) {
  const acts = ACTS.filter(({ may }) => may(message, conversation));
  const run = (/** @type {Act} */ act) => {
    onClose();
    Promise.resolve(act.run(message, conversation, desk)).catch(complain);
  };
  const react = (/** @type {string} */ emoji) => {
    onClose();
    conversation.react(message, emoji).catch(complain);
  };
  return html`<${Menu} opener=${opener} onClose=${onClose} label=${text("message.acts")}>
    <div class="menu-row">
      ${AT_HAND.map(
        (emoji) => html`<button key=${emoji} type="button" role="menuitem" class="menu-emoji" aria-label=${text("message.react", { emoji })} onClick=${() => react(emoji)}>${emoji}</button>`,
      )}
    </div>
    ${acts.map(
      (act) => html`<button key=${act.name} type="button" role="menuitem" class="menu-item ${act.name === "remove" ? "menu-danger" : ""}" onClick=${() => run(act)}>
        <${Icon} name=${act.icon} />${text(`message.act.${act.name}`)}
      </button>`,
    )}
  </${Menu}>`;
}

/** @param {string} words */
async function copy(words) {
  await navigator.clipboard.writeText(words).then(() => announce(text("copy.done")), () => announce(text("copy.by_hand")));
}
