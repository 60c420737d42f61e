/** A list that grows at both ends and stays where it is; at its end, it follows what is new. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** @typedef {import("../../chat/history.js").History} History */

// So far from an end, what lies beyond is asked for, so that it is there before somebody is.
const AHEAD_PX = 800;
const AT_END_PX = 40;

/**
 * @param {History} history
 * @param {import("./desk.js").Desk} desk
 * @param {number} pending how many wait to be sent
 */
export function useScrolling(history, desk, pending) {
  const log = useRef(/** @type {HTMLElement | null} */ (null));
  const [isAtEnd, setIsAtEnd] = useState(true);
  const follows = useRef(true);
  const held = useRef(/** @type {{element: Element, top: number} | null} */ (null));
  const busy = useRef(false);
  const isBegun = useRef(false);
  const messages = history.messages.value;

  const look = () => {
    const frame = log.current;
    if (frame === null) return;
    const left = frame.scrollHeight - frame.scrollTop - frame.clientHeight;
    follows.current = left < AT_END_PX && !history.hasNewer.value;
    setIsAtEnd(follows.current);
    held.current = firstSeen(frame);
    grow(frame, left);
  };

  /** @param {HTMLElement} frame @param {number} left */
  const grow = async (frame, left) => {
    if (busy.current) return;
    const wantsOlder = frame.scrollTop < AHEAD_PX && history.hasOlder.value;
    const wantsNewer = left < AHEAD_PX && history.hasNewer.value;
    if (!wantsOlder && !wantsNewer) return;
    busy.current = true;
    await (wantsOlder ? history.older() : history.newer()).catch(() => {});
    busy.current = false;
  };

  const toEnd = async () => {
    if (history.hasNewer.value) await history.toNewest().catch(() => {});
    follows.current = true;
    toBottom(log.current);
    look();
  };

  useLayoutEffect(() => {
    const frame = log.current;
    if (frame === null) return;
    const unread = isBegun.current ? null : frame.querySelector(".unread-line");
    if (messages.length > 0) isBegun.current = true;
    if (unread !== null) frame.scrollTop += unread.getBoundingClientRect().top - frame.getBoundingClientRect().top - frame.clientHeight / 4;
    else if (follows.current) toBottom(frame);
    else stayAt(frame, held.current);
    look();
  }, [messages, pending]);

  // What one has just said is to be seen.
  const before = useRef(pending);
  useLayoutEffect(() => {
    if (pending > before.current) toEnd();
    before.current = pending;
  }, [pending]);

  useEffect(() => {
    const frame = log.current;
    if (frame === null) return;
    frame.addEventListener("scroll", look, { passive: true });
    const watcher = new ResizeObserver(() => {
      if (follows.current) toBottom(frame);
    });
    watcher.observe(frame);
    for (const child of frame.children) watcher.observe(child);
    return () => {
      frame.removeEventListener("scroll", look);
      watcher.disconnect();
    };
  }, [history]);

  const wanted = desk.wanted.value;
  useEffect(() => {
    if (wanted !== null) show(wanted);
  }, [wanted]);

  /** @param {{sequence: number}} target */
  const show = async ({ sequence }) => {
    const find = () => log.current?.querySelector(`[data-sequence="${sequence}"]`) ?? null;
    if (find() === null) {
      await history.around(sequence).catch(() => {});
      await new Promise(requestAnimationFrame);
    }
    const element = find();
    if (element === null) return;
    // Pages that came in between may have ended at the newest, which would be followed from there.
    follows.current = false;
    element.scrollIntoView({ block: "center" });
    look();
    element.classList.add("message-shown");
    element.addEventListener("animationend", () => element.classList.remove("message-shown"), { once: true });
    desk.wanted.value = null;
  };

  return { log, isAtEnd, toEnd };
}

/** @param {HTMLElement | null} frame */
function toBottom(frame) {
  if (frame !== null) frame.scrollTop = frame.scrollHeight;
}

/** The first message that is seen, and where; whatever comes above must not move it. @param {HTMLElement} frame */
function firstSeen(frame) {
  const { top } = frame.getBoundingClientRect();
  for (const element of frame.querySelectorAll("[data-sequence]")) {
    const box = element.getBoundingClientRect();
    if (box.bottom > top) return { element, top: box.top };
  }
  return null;
}

/** @param {HTMLElement} frame @param {{element: Element, top: number} | null} held */
function stayAt(frame, held) {
  if (held?.element.isConnected) frame.scrollTop += held.element.getBoundingClientRect().top - held.top;
}
