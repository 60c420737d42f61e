/** The keyboard in a call; silent while somebody types, and it can be switched off. */

import { useEffect } from "preact/hooks";
import { PANELS } from "./panels.js";

/** @typedef {import("./controls.js").Controls} Controls */
/** @typedef {import("./stage.js").View} View */

/** Key to what it does; the words are `keys.…`. @type {Readonly<Record<string, (controls: Controls) => unknown>>} */
export const KEYS = {
  m: (controls) => controls.microphone(),
  v: (controls) => controls.camera(),
  d: (controls) => controls.share(),
  r: (controls) => controls.hand(),
  w: (controls) => controls.layout(),
  t: (controls) => controls.self(),
  s: (controls) => controls.dialog("settings"),
  "?": (controls) => controls.dialog("keys"),
  ...Object.fromEntries(
    PANELS.map(({ key, name }) => [key, (/** @type {Controls} */ controls) => controls.panel(name)]),
  ),
};

const TYPING = "input, textarea, select, [contenteditable], dialog";
const PRESSED_BY_SPACE = `button, a, summary, ${TYPING}`;

/** @param {Event} event @param {string} where */
const isWithin = (event, where) => event.target instanceof Element && event.target.closest(where) !== null;

/** @param {Controls} controls @param {View} view */
export function useKeys(controls, view) {
  useEffect(() => {
    const down = (/** @type {KeyboardEvent} */ event) => {
      if (!view.hasKeys.value || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === " " && !isWithin(event, PRESSED_BY_SPACE)) {
        event.preventDefault();
        controls.talk(true);
        return;
      }
      const act = isWithin(event, TYPING) ? undefined : KEYS[event.key.toLowerCase()];
      if (act === undefined) return;
      event.preventDefault();
      act(controls);
    };
    const up = (/** @type {KeyboardEvent} */ event) => {
      if (event.key === " " && view.hasKeys.value && !isWithin(event, PRESSED_BY_SPACE)) controls.talk(false);
    };
    document.addEventListener("keydown", down);
    document.addEventListener("keyup", up);
    return () => {
      document.removeEventListener("keydown", down);
      document.removeEventListener("keyup", up);
    };
  }, [controls, view]);
}
