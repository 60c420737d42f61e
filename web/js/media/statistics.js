/** What a connection's numbers mean: rates out of counters, and one word for all.  Pure. */

/**
 * @typedef {object} Reading counters of one track at one moment
 * @property {number} atMs
 * @property {number} bytes
 * @property {number} packets
 * @property {number} lost
 * @property {number} frames
 * @property {number} width
 * @property {number} height
 */

/**
 * @typedef {object} Quality
 * @property {0 | 1 | 2 | 3 | 4} bars 0 is "not known yet"
 * @property {number | null} rttMs
 * @property {number} lossPercent
 * @property {number} kbps
 * @property {number} framesPerSecond
 * @property {number} width
 * @property {number} height
 */

/**
 * By MID, what arrived; and the round trip of the path in use.
 *
 * @param {Iterable<any>} reports of `getStats`
 * @returns {{tracks: Map<string, Reading>, rttMs: number | null}}
 */
export function readings(reports) {
  /** @type {Map<string, Reading>} */
  const tracks = new Map();
  let rttMs = null;
  for (const one of reports) {
    if (one.type === "inbound-rtp" && one.mid !== undefined) tracks.set(one.mid, inbound(one));
    if (one.type === "candidate-pair" && one.nominated && one.currentRoundTripTime !== undefined) {
      rttMs = one.currentRoundTripTime * 1000;
    }
  }
  return { tracks, rttMs };
}

/** @param {any} one @returns {Reading} */
const inbound = (one) => ({
  atMs: one.timestamp,
  bytes: one.bytesReceived ?? 0,
  packets: one.packetsReceived ?? 0,
  lost: Math.max(one.packetsLost ?? 0, 0),
  frames: one.framesDecoded ?? 0,
  width: one.frameWidth ?? 0,
  height: one.frameHeight ?? 0,
});

/**
 * @param {Reading | undefined} before
 * @param {Reading} now
 * @param {number | null} rttMs
 * @returns {Quality}
 */
export function quality(before, now, rttMs) {
  const seconds = before === undefined ? 0 : (now.atMs - before.atMs) / 1000;
  const { width, height } = now;
  const unknown = { rttMs, lossPercent: 0, kbps: 0, framesPerSecond: 0, width, height };
  if (before === undefined || seconds <= 0) return { bars: 0, ...unknown };
  const lost = Math.max(now.lost - before.lost, 0);
  const packets = Math.max(now.packets - before.packets, 0);
  const lossPercent = lost + packets === 0 ? 0 : (100 * lost) / (lost + packets);
  const kbps = Math.max(0, (8 * (now.bytes - before.bytes)) / seconds / 1000);
  const framesPerSecond = Math.max(0, (now.frames - before.frames) / seconds);
  return { ...unknown, bars: packets === 0 ? 0 : bars(lossPercent, rttMs ?? 0), lossPercent, kbps, framesPerSecond };
}

/** Steps at which people notice: ITU-T G.107 loses a class at about each of them. */
const STEPS = /** @type {const} */ ([
  [4, 1, 200],
  [3, 3, 400],
  [2, 8, 800],
]);

/** @param {number} lossPercent @param {number} rttMs @returns {1 | 2 | 3 | 4} */
function bars(lossPercent, rttMs) {
  return STEPS.find(([, loss, rtt]) => lossPercent <= loss && rttMs <= rtt)?.[0] ?? 1;
}
