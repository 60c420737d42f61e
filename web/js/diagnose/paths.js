/**
 * One way of media to the server and back: only by UDP, or only by TCP.
 *
 * Knows connections, descriptions and the messages for media.  It refuses to judge.
 */

/** @typedef {import("../protocol/line.js").Line} Line */
/** @typedef {"udp" | "tcp"} Protocol */

const CONNECTED_WITHIN_MS = 8000;
const ARRIVED_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 200;

/**
 * A description that leaves only one kind of way to the server.
 *
 * @param {string} sdp
 * @param {Protocol} protocol
 */
export const onlyBy = (sdp, protocol) =>
  sdp
    .split("\r\n")
    .filter((line) => !line.startsWith("a=candidate:") || line.toLowerCase().split(" ")[2] === protocol)
    .join("\r\n");

/**
 * Where a description says that media are to be sent.
 *
 * @param {string} sdp
 * @returns {{address: string, port: number}[]} each once
 */
export function endsIn(sdp) {
  const found = [...sdp.matchAll(/^a=candidate:\S+ \d+ \S+ \d+ (\S+) (\d+) /gm)];
  const ends = new Map(found.map(([, address = "", port]) => [`${address} ${port}`, { address, port: Number(port) }]));
  return [...ends.values()];
}

/** What one sends on a way of its own. */
export class Path {
  /** @param {Line} line @param {Protocol} protocol */
  constructor(line, protocol) {
    this.protocol = protocol;
    /** Where the server wants media; known once it has answered. */
    this.ends = /** @type {{address: string, port: number}[]} */ ([]);
    this.isThere = false;
    this._line = line;
    this._media = "";
    this._connection = new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" });
  }

  /**
   * @param {{picture: MediaStreamTrack, sound: MediaStreamTrack}} tracks
   * @returns {Promise<number | null>} milliseconds until it was there; null if it was not
   */
  async open({ picture, sound }) {
    for (const track of [sound, picture]) this._connection.addTransceiver(track, { direction: "sendonly" });
    await this._connection.setLocalDescription();
    const began = performance.now();
    const told = await this._line.ask("publish", { offer: this._connection.localDescription?.sdp ?? "" });
    this._media = told.media;
    this.ends = endsIn(told.answer);
    await this._connection.setRemoteDescription({ type: "answer", sdp: onlyBy(told.answer, this.protocol) });
    this.isThere = await until(() => this._connection.connectionState === "connected", CONNECTED_WITHIN_MS);
    if (this.isThere) return Math.round(performance.now() - began);
    this.close();
    return null;
  }

  close() {
    this._connection.close();
    if (this._media !== "") this._line.ask("unpublish", { media: this._media }).catch(() => {});
  }
}

/**
 * Watch oneself by the same kind of way.
 *
 * @param {Line} line
 * @param {string} identity
 * @param {Protocol} protocol
 * @returns {Promise<{frames: number, heard: boolean}>}
 */
export async function loopback(line, identity, protocol) {
  const connection = new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" });
  let media = "";
  let turn = Promise.resolve();
  const stop = line.on("told", (told) => {
    if (told.type !== "offer" || (media !== "" && told.media !== media)) return;
    media = told.media;
    turn = turn.then(() => answer(line, connection, told, protocol)).catch(() => {});
  });
  let arrived = { frames: 0, heard: false };
  try {
    await line.ask("watch", { publisher: identity });
    await until(async () => {
      arrived = arrivedBy(await connection.getStats());
      return arrived.frames > 5 && arrived.heard;
    }, ARRIVED_WITHIN_MS);
    return arrived;
  } finally {
    stop();
    connection.close();
    if (media !== "") line.ask("unwatch", { media }).catch(() => {});
  }
}

/**
 * @param {Line} line
 * @param {RTCPeerConnection} connection
 * @param {Record<string, any>} offer
 * @param {Protocol} protocol
 */
async function answer(line, connection, offer, protocol) {
  await connection.setRemoteDescription({ type: "offer", sdp: onlyBy(offer.sdp, protocol) });
  await connection.setLocalDescription();
  await line.ask("answer", { media: offer.media, sdp: connection.localDescription?.sdp ?? "" });
}

/** @param {RTCStatsReport} reports */
function arrivedBy(reports) {
  let [frames, heard] = [0, false];
  for (const one of reports.values()) {
    if (one.type !== "inbound-rtp") continue;
    if (one.kind === "video") frames += one.framesDecoded ?? 0;
    else heard ||= (one.packetsReceived ?? 0) > 10;
  }
  return { frames, heard };
}

/** @param {() => boolean | Promise<boolean>} isSo @param {number} withinMs @returns {Promise<boolean>} */
async function until(isSo, withinMs) {
  const ends = performance.now() + withinMs;
  while (performance.now() < ends) {
    if (await isSo()) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return false;
}
