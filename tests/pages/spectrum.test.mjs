/** Spectrograms: a tone is where it belongs, and only what the server keeps is taken for sound. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { samplesOf, spectrogramOf } from "../../web/js/console/spectrum.js";

const RATE_HZ = 16_000;

/** @param {number} hertz @param {number} seconds */
const tone = (hertz, seconds) =>
  Float32Array.from({ length: seconds * RATE_HZ }, (_, index) => 0.5 * Math.sin((2 * Math.PI * hertz * index) / RATE_HZ));

for (const hertz of [250, 1000, 4000, 7500]) {
  test(`a tone of ${hertz} Hz is the loudest at its pitch, all the time`, () => {
    const { columns, bins, decibels, highestHz, durationS } = spectrogramOf(tone(hertz, 1), RATE_HZ, 100);
    assert.equal(durationS, 1);
    assert.ok(columns > 50 && columns <= 100);
    for (let column = 0; column < columns; column += 1) {
      const heard = decibels.subarray(column * bins, (column + 1) * bins);
      const loudest = heard.indexOf(Math.max(...heard));
      assert.ok(Math.abs((loudest * highestHz) / bins - hertz) <= highestHz / bins);
      assert.ok((heard[(loudest + bins / 2) % bins] ?? 0) < -60);
    }
  });
}

test("what is shorter than one look has no columns, and other files are no sound", () => {
  assert.equal(spectrogramOf(new Float32Array(100), RATE_HZ, 100).columns, 0);
  assert.equal(samplesOf(new ArrayBuffer(4)), null);
  assert.equal(samplesOf(new TextEncoder().encode("RIFF0000AVI ".padEnd(60)).buffer), null);
});
