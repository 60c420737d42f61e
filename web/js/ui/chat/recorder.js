/** A voice note while it is recorded: how loud it is, how long, and two ways to end it. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { text } from "../../i18n.js";
import { DeviceTrouble } from "../../media/devices.js";
import { Recording } from "../../media/recording.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { announce } from "../toast.js";
import { Wave, clock } from "./voice-note.js";

/** @typedef {import("../../media/recording.js").Kind} Kind */
/** @typedef {import("../../chat/conversation.js").Conversation} Conversation */

const KEPT = 40;
// Speech is rarely louder than a third of what a microphone can say.
const LOUD = 0.33;

/**
 * A recording that begins with what uses it, and ends with it.
 *
 * @param {Kind} kind
 * @param {() => void} onTrouble
 */
export function useRecording(kind, onTrouble) {
  const recording = useRef(/** @type {Recording | null} */ (null));
  const stream = useSignal(/** @type {MediaStream | null} */ (null));
  const levels = useSignal(/** @type {readonly number[]} */ (new Array(KEPT).fill(0)));
  const seconds = useSignal(0);
  useEffect(() => {
    let isWanted = true;
    const hear = (/** @type {number} */ level) => {
      levels.value = [...levels.value.slice(1), Math.min(100, (level / LOUD) * 100)];
      seconds.value += 0.1;
    };
    Recording.begin(kind, hear).then(
      (begun) => {
        if (!isWanted) begun.close();
        recording.current = begun;
        stream.value = begun.stream;
      },
      (error) => {
        const device = kind === "voice" ? "microphone" : "both";
        announce(text(`trouble.${device}.${error instanceof DeviceTrouble ? error.trouble : "failed"}`));
        onTrouble();
      },
    );
    return () => {
      isWanted = false;
      recording.current?.close();
    };
  }, []);
  return { recording, stream, levels, seconds };
}

/** @param {{conversation: Conversation, onDone: () => void}} properties */
export function VoiceRecorder({ conversation, onDone }) {
  const { recording, levels, seconds } = useRecording("voice", onDone);
  const send = async () => {
    const done = recording.current;
    if (done === null) return;
    await conversation.show(await done.stop(), done.name, "voice");
    onDone();
  };
  return html`<div class="composer-row recorder" role="group" aria-label=${text("record.voice")}>
    <button type="button" class="chat-tool" aria-label=${text("record.cancel")} onClick=${onDone}><${Icon} name="trash" /></button>
    <span class="recorder-sign" aria-hidden="true"></span>
    <span class="voice-time" role="timer">${clock(seconds.value)}</span>
    <div class="voice-wave"><${Wave} peaks=${levels.value} part=${1} /></div>
    <button type="button" class="composer-send" aria-label=${text("record.send")} onClick=${send}><${Icon} name="send" /></button>
  </div>`;
}
