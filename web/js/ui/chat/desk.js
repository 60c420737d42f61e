/** What somebody is about to do in a chat: answer, edit, look something up; nobody else is told. */

import { signal } from "@preact/signals";

/** @typedef {import("../../chat/messages.js").Message} Message */

/**
 * A panel over the chat, and what it is about.
 *
 * @typedef {{name: "readers" | "edits" | "forward" | "report" | "remove" | "viewer", message: Message}
 *   | {name: "person", identity: string} | {name: "attach", files: readonly File[]}
 *   | {name: "video-note" | "search" | "pins" | "settings"}} Sheet
 */

export class Desk {
  constructor() {
    this.replyingTo = signal(/** @type {Message | null} */ (null));
    this.editing = signal(/** @type {Message | null} */ (null));
    this.sheet = signal(/** @type {Sheet | null} */ (null));
    /** A message that is to be shown. */
    this.wanted = signal(/** @type {{sequence: number} | null} */ (null));
  }

  /** @param {Message} message */
  reply(message) {
    this.editing.value = null;
    this.replyingTo.value = message;
  }

  /** @param {Message} message */
  edit(message) {
    this.replyingTo.value = null;
    this.editing.value = message;
  }

  /** @param {number} sequence */
  show(sequence) {
    this.sheet.value = null;
    this.wanted.value = { sequence };
  }

  close() {
    this.sheet.value = null;
  }
}
