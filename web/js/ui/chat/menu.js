/** A menu beside what opened it, above everything else; Escape and a press elsewhere close it. */

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { html } from "../html.js";

/** @typedef {import("../html.js").Children} Children */

const MARGIN_PX = 8;

/** @param {{opener: HTMLElement, label: string, role?: "menu" | "dialog", onClose: () => void, children?: Children}} properties */
export function Menu({ opener, label, role = "menu", onClose, children }) {
  const menu = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => {
    const element = menu.current;
    if (element === null) return;
    element.showPopover();
    place(element, opener);
    /** @type {HTMLElement | null} */ (element.querySelector("input, button"))?.focus({ preventScroll: true });
    return () => {
      // Whoever was in the menu is back where they were; whoever pressed elsewhere stays there.
      if (element.contains(document.activeElement) || document.activeElement === document.body) opener.focus({ preventScroll: true });
    };
  }, []);
  useEffect(() => {
    const element = menu.current;
    const toggled = (/** @type {any} */ event) => event.newState === "closed" && onClose();
    element?.addEventListener("toggle", toggled);
    return () => element?.removeEventListener("toggle", toggled);
  }, [onClose]);
  return html`<div class="menu" popover="auto" role=${role} aria-label=${label} ref=${menu} onKeyDown=${role === "menu" ? move : undefined}>${children}</div>`;
}

/** @param {KeyboardEvent & {currentTarget: HTMLElement}} event */
function move(event) {
  const items = [...event.currentTarget.querySelectorAll("button, a")];
  const at = items.findIndex((one) => one === document.activeElement);
  const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  /** @type {HTMLElement | undefined} */ (items.at(to % items.length))?.focus();
}

/** Below its opener if there is room, else above; never beyond the edge. @param {HTMLElement} menu @param {HTMLElement} opener */
function place(menu, opener) {
  const from = opener.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = from.bottom + MARGIN_PX / 2;
  const top = below + height + MARGIN_PX < innerHeight ? below : from.top - height - MARGIN_PX / 2;
  const left = Math.min(from.left, innerWidth - width - MARGIN_PX);
  menu.style.setProperty("top", `${Math.max(MARGIN_PX, top)}px`);
  menu.style.setProperty("left", `${Math.max(MARGIN_PX, left)}px`);
}
