/** How loud each pitch of a sound was over time: short Fourier transforms, as numbers.  Pure. */

/** @typedef {{columns: number, bins: number, decibels: Float32Array, durationS: number, highestHz: number}} Spectrogram `decibels` below the loudest, column by column, the lowest pitch first */

const WINDOW = 512;
export const QUIETEST_DB = -80;

/**
 * Samples of a WAV file with 16 bits in one channel, as the server keeps sound.
 *
 * @param {ArrayBuffer} file
 * @returns {{samples: Float32Array, rateHz: number} | null} null for any other file
 */
export function samplesOf(file) {
  const view = new DataView(file);
  if (file.byteLength < 44 || nameAt(file, 0) !== "RIFF" || nameAt(file, 8) !== "WAVE") return null;
  let rateHz = 0;
  for (let at = 12; at + 8 <= file.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    const begins = at + 8;
    if (nameAt(file, at) === "fmt ") {
      if (view.getUint16(begins + 2, true) !== 1 || view.getUint16(begins + 14, true) !== 16) return null;
      rateHz = view.getUint32(begins + 4, true);
    }
    if (nameAt(file, at) === "data") {
      const count = Math.floor(Math.min(size, file.byteLength - begins) / 2);
      return { samples: Float32Array.from({ length: count }, (_, index) => view.getInt16(begins + 2 * index, true) / 32768), rateHz };
    }
    at = begins + size + (size % 2);
  }
  return null;
}

/** Of a part of the file, in four letters. @param {ArrayBuffer} file @param {number} at */
function nameAt(file, at) {
  return String.fromCharCode(...new Uint8Array(file, at, 4));
}

/**
 * @param {Float32Array} samples
 * @param {number} rateHz
 * @param {number} columns at the most
 * @returns {Spectrogram}
 */
export function spectrogramOf(samples, rateHz, columns) {
  const hop = Math.max(1, Math.ceil((samples.length - WINDOW) / columns));
  const count = samples.length < WINDOW ? 0 : Math.floor((samples.length - WINDOW) / hop) + 1;
  const bins = WINDOW / 2;
  const decibels = new Float32Array(count * bins);
  let loudest = 1e-12;
  for (let column = 0; column < count; column += 1) {
    const power = powers(samples.subarray(column * hop, column * hop + WINDOW));
    decibels.set(power, column * bins);
    for (const one of power) loudest = Math.max(loudest, one);
  }
  const shown = decibels.map((power) => Math.max(QUIETEST_DB, 10 * Math.log10(power / loudest + 1e-12)));
  return { columns: count, bins, decibels: shown, durationS: samples.length / rateHz, highestHz: rateHz / 2 };
}

const HANN = Float32Array.from({ length: WINDOW }, (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / WINDOW));

/** @param {Float32Array} samples as many as the window has @returns {Float32Array} of the lower half */
function powers(samples) {
  const real = samples.map((sample, index) => sample * (HANN[index] ?? 0));
  const imaginary = new Float32Array(WINDOW);
  transform(real, imaginary);
  return Float32Array.from({ length: WINDOW / 2 }, (_, bin) => (real[bin] ?? 0) ** 2 + (imaginary[bin] ?? 0) ** 2);
}

/** Cooley and Tukey's, in place. @param {Float32Array} real @param {Float32Array} imaginary */
function transform(real, imaginary) {
  const size = real.length;
  for (let at = 1, other = 0; at < size; at += 1) {
    let bit = size >> 1;
    for (; other & bit; bit >>= 1) other ^= bit;
    other ^= bit;
    if (at < other) [real[at], real[other]] = [real[other] ?? 0, real[at] ?? 0];
  }
  for (let length = 2; length <= size; length *= 2) {
    for (let from = 0; from < size; from += length) butterflies(real, imaginary, from, length);
  }
}

/** @param {Float32Array} real @param {Float32Array} imaginary @param {number} from @param {number} length */
function butterflies(real, imaginary, from, length) {
  const half = length / 2;
  for (let at = 0; at < half; at += 1) {
    const angle = (-2 * Math.PI * at) / length;
    const [cos, sin, one, other] = [Math.cos(angle), Math.sin(angle), from + at, from + at + half];
    const [x, y] = [real[other] ?? 0, imaginary[other] ?? 0];
    const [turnedX, turnedY] = [x * cos - y * sin, x * sin + y * cos];
    real[other] = (real[one] ?? 0) - turnedX;
    imaginary[other] = (imaginary[one] ?? 0) - turnedY;
    real[one] = (real[one] ?? 0) + turnedX;
    imaginary[one] = (imaginary[one] ?? 0) + turnedY;
  }
}
