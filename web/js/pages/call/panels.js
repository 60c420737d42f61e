/**
 * The panels beside the call: each a row, with its button in the bar, its key, and its content.
 *
 * A panel is given `room`, `call`, `own` and `onClose`, and fills the place that it stands in.
 */

import { later } from "../../ui/later.js";

/**
 * @typedef {object} Panel
 * @property {string} name also of its text, `panel.…`
 * @property {"people" | "chat"} icon
 * @property {string} key of the keyboard
 * @property {(properties: any) => unknown} content
 */

/** @type {readonly Panel[]} */
export const PANELS = [
  { name: "people", icon: "people", key: "p", content: later(() => import("./people-panel.js").then((module) => module.PeoplePanel)) },
  { name: "chat", icon: "chat", key: "c", content: later(() => import("./chat-panel.js").then((module) => module.ChatPanel)) },
];
