/** Why a tile shows no picture, as the key of a sentence.  Pure. */

/** @type {Readonly<Record<string, string>>} */
const BY_NEWS = {
  no_bandwidth: "dark.no_bandwidth",
  not_wanted: "dark.not_wanted",
  no_source: "dark.no_source",
  no_key_frame: "dark.no_key_frame",
  silenced: "dark.stopped",
};

/**
 * @param {{
 *   isOn: boolean, isStopped: boolean, isAway: boolean, hasTrack: boolean, news: string | null,
 *   moves: boolean,
 * }} tile `isOn`: they say that they send it; `isStopped`: a moderator holds it back; `isAway`: our
 *   own line is cut; `news`: the server's reason; `moves`: pictures arrive
 * @returns {string | null} null where there is a picture
 */
export function whyDark({ isOn, isStopped, isAway, hasTrack, news, moves }) {
  if (isStopped) return "dark.stopped";
  if (!isOn) return "dark.camera_off";
  if (moves) return null;
  if (isAway) return "dark.away";
  if (news !== null && news in BY_NEWS) return BY_NEWS[news] ?? null;
  return hasTrack ? "dark.no_key_frame" : "dark.coming";
}
