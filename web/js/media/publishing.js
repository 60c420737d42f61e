/**
 * What one sends: a connection with a fixed place for each source, into which tracks are put and
 * from which they are taken without asking anybody.
 *
 * Knows WebRTC and the messages `publish` and `unpublish`.  It refuses to know devices, and whether
 * the person wants to be seen.
 */

import { activated, encodingsOf, preferring } from "./encodings.js";

/** @typedef {import("./encodings.js").Source} Source */
/** @typedef {import("../protocol/line.js").Line} Line */
/** @typedef {Partial<Record<Source, MediaStreamTrack | null>>} Tracks */

// Every browser can encode it in several sizes at the same time.
const CODEC = "video/VP8";

/** @param {Source} source */
const kindOf = (source) => (source === "microphone" || source === "screen_audio" ? "audio" : "video");

export class Publishing {
  /**
   * @param {Line} line
   * @param {readonly Source[]} sources that may be sent by this connection
   */
  constructor(line, sources) {
    this.media = "";
    this.connection = new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" });
    this._line = line;
    this._turn = Promise.resolve();
    /** @type {Map<Source, RTCRtpTransceiver>} */
    this._places = new Map(sources.map((source) => [source, this._place(source)]));
  }

  /**
   * Connect, with what there is to send by now.
   *
   * @param {Tracks} tracks
   */
  async open(tracks) {
    await Promise.all([...this._places].map(([source]) => this.put(source, tracks[source] ?? null)));
    await this.connection.setLocalDescription();
    const offer = this.connection.localDescription?.sdp ?? "";
    const sources = Object.fromEntries([...this._places].map(([source, place]) => [place.mid, source]));
    const told = await this._line.ask("publish", { offer, sources });
    this.media = told.media;
    await this.connection.setRemoteDescription({ type: "answer", sdp: told.answer });
  }

  /**
   * Send this track from now on; null for nothing.
   *
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  async put(source, track) {
    await this._places.get(source)?.sender.replaceTrack(track);
  }

  /**
   * Encode only what somebody watches.
   *
   * @param {string} mid
   * @param {string[]} rids
   */
  want(mid, rids) {
    // Parameters that were read before an earlier change was made are refused.
    this._turn = this._turn.then(() => this._want(mid, rids)).catch(() => {});
    return this._turn;
  }

  /** @param {string} mid @param {string[]} rids */
  async _want(mid, rids) {
    const place = [...this._places.values()].find((one) => one.mid === mid);
    const parameters = place?.sender.getParameters();
    if (!place || !parameters?.encodings?.length) return;
    parameters.encodings = activated(parameters.encodings, rids);
    await place.sender.setParameters(parameters);
  }

  /** End it, on both sides. */
  close() {
    this.connection.close();
    if (this.media !== "") this._line.ask("unpublish", { media: this.media }).catch(() => {});
  }

  /** @param {Source} source */
  _place(source) {
    const place = this.connection.addTransceiver(kindOf(source), {
      direction: "sendonly",
      sendEncodings: encodingsOf(source),
    });
    const codecs = RTCRtpSender.getCapabilities?.("video")?.codecs;
    if (kindOf(source) === "video" && codecs && "setCodecPreferences" in place) {
      place.setCodecPreferences(preferring(codecs, CODEC));
    }
    return place;
  }
}
