/** A voice note: a button, its loudness over time as one may jump in it, and how long it is. */

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { text } from "../../i18n.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";

const BARS = 40;
const HEIGHT = 28;

/** @param {{file: import("../../chat/messages.js").Attachment}} properties */
export function VoiceNote({ file }) {
  const sound = useRef(/** @type {HTMLAudioElement | null} */ (null));
  const isPlaying = useSignal(false);
  const at = useSignal(0);
  const length = (file.duration_ms ?? 0) / 1000;
  const toggle = () => (isPlaying.value ? sound.current?.pause() : sound.current?.play());
  const seek = (/** @type {Event & {currentTarget: HTMLInputElement}} */ event) => {
    at.value = Number(event.currentTarget.value);
    if (sound.current) sound.current.currentTime = at.value;
  };
  return html`<div class="voice">
    <button type="button" class="voice-play" aria-label=${text(isPlaying.value ? "voice.pause" : "voice.play")} onClick=${toggle}>
      <${Icon} name=${isPlaying.value ? "pause" : "play"} />
    </button>
    <div class="voice-wave">
      <${Wave} peaks=${file.waveform ?? []} part=${length > 0 ? at.value / length : 0} />
      <input class="voice-seek" type="range" min="0" max=${length} step="0.1" value=${at.value} aria-label=${text("voice.position")} aria-valuetext=${clock(at.value)} onInput=${seek} />
    </div>
    <span class="fine voice-time">${clock(isPlaying.value || at.value > 0 ? at.value : length)}</span>
    <audio
      ref=${sound} src=${file.url} preload="none" onPlay=${() => (isPlaying.value = true)} onPause=${() => (isPlaying.value = false)}
      onTimeUpdate=${() => (at.value = sound.current?.currentTime ?? 0)} onEnded=${() => (at.value = 0)}
    ></audio>
  </div>`;
}

/** @param {{peaks: readonly number[], part: number}} properties */
export function Wave({ peaks, part }) {
  const bars = Array.from({ length: BARS }, (_, index) => peaks[Math.floor((index * peaks.length) / BARS)] ?? 0);
  return html`<svg class="wave" viewBox="0 0 ${BARS * 4} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
    ${bars.map((peak, index) => {
      const height = Math.max(3, (peak / 100) * HEIGHT);
      return html`<rect class=${index / BARS < part ? "wave-done" : ""} x=${index * 4} y=${(HEIGHT - height) / 2} width="2.5" height=${height} rx="1.2" />`;
    })}
  </svg>`;
}

/** "1:05". @param {number} seconds */
export const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
