/** The review queue by keys: up and down, acknowledge, and what the keys are. */

import { useEffect, useState } from "preact/hooks";
import { actOn } from "../../console/alerts.js";
import { errorText, text } from "../../i18n.js";
import { Dialog } from "../../ui/dialog.js";
import { html } from "../../ui/html.js";
import { KeyList } from "../../ui/key-list.js";
import { announce } from "../../ui/toast.js";

/** @typedef {import("preact").RefObject<HTMLOListElement>} List */

const TYPING = "input, textarea, select, dialog";

/** @param {List} list @param {number} by */
function step(list, by) {
  const rows = [...(list.current?.querySelectorAll("a") ?? [])];
  const at = rows.findIndex((row) => row === document.activeElement);
  rows[Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
}

/** @param {() => void} again */
function acknowledge(again) {
  const row = /** @type {HTMLElement | null} */ (document.activeElement?.closest("[data-alert]") ?? null);
  if (row?.dataset.state !== "new") return;
  actOn(row.dataset.alert ?? "", "acknowledge", "", null).then(again, (error) => announce(errorText(error)));
}

/** @param {{list: List, again: () => void}} properties */
export function QueueKeys({ list, again }) {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    /** @type {Readonly<Record<string, () => void>>} */
    const keys = { j: () => step(list, 1), k: () => step(list, -1), a: () => acknowledge(again), "?": () => setOpen(true) };
    const press = (/** @type {KeyboardEvent} */ event) => {
      const isTyping = event.target instanceof Element && event.target.closest(TYPING) !== null;
      if (!isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) keys[event.key.toLowerCase()]?.();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [again]);
  const named = /** @type {const} */ ([["J", "next"], ["K", "before"], ["Enter", "open"], ["A", "acknowledge"], ["?", "help"]]);
  return html`<p class="fine queue-keys">${text("alert.keys")}</p>
    ${isOpen && html`<${Dialog} title=${text("keys.title")} onClose=${() => setOpen(false)}>
      <${KeyList} keys=${named.map(([key, does]) => [key, text(`alert.key.${does}`)])} />
    </${Dialog}>`}`;
}
