/** In which sizes a picture is sent, and which of them anybody watches.  Pure. */

/** @typedef {"microphone" | "camera" | "screen" | "screen_audio"} Source */

/** Smallest first, as browsers want it; the server chooses for each viewer. */
const CAMERA = [
  { rid: "low", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: "mid", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: "high", scaleResolutionDownBy: 1, maxBitrate: 1_700_000 },
];

// Letters on a screen are read and not watched: few pictures a second, and sharp ones.
const SCREEN = [{ maxBitrate: 2_500_000, maxFramerate: 15 }];

/** @type {Readonly<Record<Source, readonly RTCRtpEncodingParameters[]>>} */
const ENCODINGS = {
  microphone: [{}],
  screen_audio: [{}],
  camera: CAMERA,
  screen: SCREEN,
};

/**
 * @param {Source} source
 * @returns {RTCRtpEncodingParameters[]}
 */
export const encodingsOf = (source) => ENCODINGS[source].map((one) => ({ ...one }));

/**
 * Which encodings to go on with; whatever has no name is one of one.
 *
 * @template {{rid?: string, active?: boolean}} Encoding
 * @param {readonly Encoding[]} encodings
 * @param {readonly string[]} wanted names that somebody has use for
 * @returns {Encoding[]}
 */
export const activated = (encodings, wanted) =>
  encodings.map((one) => ({
    ...one,
    active: one.rid === undefined || one.rid === "" ? wanted.length > 0 : wanted.includes(one.rid),
  }));

/**
 * Codecs with one kind first: others stay behind it, for browsers that lack it.
 *
 * @template {{mimeType: string}} Codec
 * @param {readonly Codec[]} codecs
 * @param {string} name
 * @returns {Codec[]}
 */
export function preferring(codecs, name) {
  const isIt = (/** @type {Codec} */ one) => one.mimeType.toLowerCase() === name.toLowerCase();
  return [...codecs.filter(isIt), ...codecs.filter((one) => !isIt(one))];
}
