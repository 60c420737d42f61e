/**
 * What one sees and hears: a connection that the server offers, and whose each track is.
 *
 * Knows WebRTC and the messages `watch`, `offer`, `answer` and `wishes`.  It refuses to know where
 * a track is shown.
 */

/** @typedef {import("../protocol/line.js").Line} Line */
/** @typedef {import("../protocol/messages.js").Offer} Offer */

/**
 * A track that arrives, and whose it is.
 *
 * @typedef {object} Incoming
 * @property {string} mid
 * @property {string} identity
 * @property {import("./encodings.js").Source} source
 * @property {"audio" | "video"} kind
 * @property {MediaStreamTrack} track
 * @property {RTCRtpReceiver} receiver
 */

/**
 * @typedef {object} Wish
 * @property {number} [max_height] pixels
 * @property {number} [priority]
 * @property {boolean} [pinned]
 * @property {boolean} [paused]
 */

export class Watching {
  /**
   * @param {Line} line
   * @param {(incoming: Incoming[]) => void} show called with all of them after each change
   */
  constructor(line, show) {
    this.media = "";
    this.connection = new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" });
    this._line = line;
    this._show = show;
    this._turn = Promise.resolve();
    this._closed = false;
    this._wished = "";
  }

  /** Ask to be offered. */
  async open() {
    await this._line.ask("watch");
  }

  /**
   * Take an offer: the first says which connection this is.
   *
   * @param {Offer} offer
   * @returns {boolean} false if it is another connection's
   */
  take(offer) {
    if (this._closed || (this.media !== "" && this.media !== offer.media)) return false;
    this.media = offer.media;
    this._turn = this._turn.then(() => this._answer(offer)).catch((error) => {
      if (!this._closed) console.debug("The offer was not answered:", error);
    });
    return true;
  }

  /**
   * Say what there is use for; the same twice is said once.
   *
   * @param {Record<string, Wish>} tracks by MID
   */
  async wish(tracks) {
    const said = JSON.stringify(tracks);
    if (this.media === "" || said === this._wished) return;
    this._wished = said;
    await this._line.ask("wishes", { media: this.media, tracks }).catch(() => {
      this._wished = "";
    });
  }

  close() {
    this._closed = true;
    this.connection.close();
    this._show([]);
  }

  /** @param {Offer} offer */
  async _answer(offer) {
    await this.connection.setRemoteDescription({ type: "offer", sdp: offer.sdp });
    await this.connection.setLocalDescription();
    const sdp = this.connection.localDescription?.sdp ?? "";
    await this._line.ask("answer", { media: offer.media, sdp });
    if (!this._closed) this._show(this._tracksOf(offer));
  }

  /** @param {Offer} offer @returns {Incoming[]} */
  _tracksOf(offer) {
    const receivers = new Map(this.connection.getTransceivers().map((one) => [one.mid, one.receiver]));
    return offer.sections.flatMap((section) => {
      const receiver = receivers.get(section.mid);
      if (receiver === undefined) return [];
      const { mid, identity, kind } = section;
      const source = /** @type {import("./encodings.js").Source} */ (section.source);
      return [{ mid, identity, source, kind, track: receiver.track, receiver }];
    });
  }
}
