/**
 * How loud something is, and who is speaking: a ring that does not flicker.
 *
 * Knows Web Audio and what receivers say of sound.  `Speaking` is pure; its clock is handed in.
 */

// Louder than a room with people who listen; about -40 dB.
export const SPEECH = 0.01;
// A ring that goes out in every pause between words disturbs more than it helps.
export const HOLD_MS = 1500;

/** Who has spoken within the last moment. */
export class Speaking {
  constructor() {
    /** @type {Map<string, number>} */
    this._spokeAt = new Map();
  }

  /**
   * @param {string} identity
   * @param {number} level 0 to 1
   * @param {number} now milliseconds
   */
  hear(identity, level, now) {
    if (level >= SPEECH) this._spokeAt.set(identity, now);
  }

  /**
   * @param {number} now
   * @returns {string[]} sorted
   */
  speakers(now) {
    return [...this._spokeAt].flatMap(([identity, at]) => (now - at <= HOLD_MS ? [identity] : [])).sort();
  }
}

/**
 * What a receiver plays just now.
 *
 * @param {RTCRtpReceiver} receiver
 * @returns {number} 0 to 1
 */
export function levelOf(receiver) {
  const sources = receiver.getSynchronizationSources?.() ?? [];
  return Math.max(0, ...sources.map((one) => one.audioLevel ?? 0));
}

/** Measures a microphone, also while its sound is not sent. */
export class Meter {
  /** @param {MediaStreamTrack} track */
  constructor(track) {
    this._context = new AudioContext();
    this._analyser = this._context.createAnalyser();
    this._analyser.fftSize = 1024;
    this._samples = new Float32Array(this._analyser.fftSize);
    this._context.createMediaStreamSource(new MediaStream([track])).connect(this._analyser);
    this._context.resume().catch(() => {});
  }

  /** @returns {number} root of the mean square, 0 to 1 */
  level() {
    this._analyser.getFloatTimeDomainData(this._samples);
    let sum = 0;
    for (const sample of this._samples) sum += sample * sample;
    return Math.sqrt(sum / this._samples.length);
  }

  close() {
    this._context.close().catch(() => {});
  }
}
