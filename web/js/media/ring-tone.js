/**
 * The tone of a call that rings: two soft notes, made by the browser, until somebody answers.
 *
 * Knows Web Audio.  A page that nobody has touched yet may make no sound, and begins at the first touch.
 */

const EVERY_MS = 2400;
const LOUDNESS = 0.12;
// Hertz, and seconds after the beginning of the pair.
const NOTES = /** @type {const} */ ([[659.3, 0], [880, 0.18], [659.3, 0.5], [880, 0.68]]);
const NOTE_S = 0.35;
const TOUCHES = /** @type {const} */ (["pointerdown", "keydown"]);

/** @returns {() => void} stops it */
export function ringTone() {
  /** @type {AudioContext | null} */
  let audio = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  const begin = () => {
    if (audio !== null) return;
    const opened = (audio = new AudioContext());
    play(opened);
    timer = setInterval(() => play(opened), EVERY_MS);
  };
  for (const touch of TOUCHES) addEventListener(touch, begin);
  if (navigator.userActivation?.hasBeenActive) begin();
  return () => {
    for (const touch of TOUCHES) removeEventListener(touch, begin);
    clearInterval(timer);
    audio?.close();
  };
}

/** @param {AudioContext} audio */
function play(audio) {
  for (const [hertz, delayS] of NOTES) {
    const tone = new OscillatorNode(audio, { frequency: hertz, type: "sine" });
    const loudness = new GainNode(audio, { gain: 0 });
    const beginS = audio.currentTime + delayS;
    loudness.gain.setValueAtTime(0, beginS);
    loudness.gain.linearRampToValueAtTime(LOUDNESS, beginS + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0001, beginS + NOTE_S);
    tone.connect(loudness).connect(audio.destination);
    tone.start(beginS);
    tone.stop(beginS + NOTE_S);
  }
}
