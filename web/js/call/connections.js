/**
 * The connections of a call: what is sent, what is shared, what arrives; each opened anew when it is lost.
 *
 * Knows media and the line that they are told by.  It refuses to know people, and when the call is over
 * it is told so.
 */

import { effect, signal } from "@preact/signals-core";
import { Publishing } from "../media/publishing.js";
import { Watching } from "../media/watching.js";
import { codeOf } from "../protocol/line.js";
import { waitBefore } from "../protocol/waiting.js";

/** @typedef {import("../protocol/messages.js").Told} Told */
/** @typedef {import("../media/watching.js").Incoming} Incoming */
/** @typedef {import("../media/watching.js").Wish} Wish */
/** @typedef {import("../media/encodings.js").Source} Source */
/** @typedef {import("./own.js").Own} Own */

/** @typedef {{reason: string, height: number}} News */

/** @type {readonly Source[]} */
const USUAL = ["microphone", "camera"];
const MEDIA_TRIES = 40;
// Nobody is missing anything that a retry would bring.
const FINAL = new Set(["forbidden", "not_found", "bad_sdp", "codec_not_supported", "cut", "invalid"]);

export class Connections {
  /**
   * @param {import("../protocol/line.js").Line} line
   * @param {Own} own
   * @param {import("@preact/signals-core").ReadonlySignal<import("../protocol/messages.js").Rights>} rights
   * @param {import("../protocol/line.js").Surroundings} around
   */
  constructor(line, own, rights, around) {
    this.incoming = signal(/** @type {Incoming[]} */ ([]));
    this.news = signal(/** @type {ReadonlyMap<string, News>} */ (new Map()));
    this.screen = signal(/** @type {MediaStreamTrack | null} */ (null));
    /** Media are on their way back; the words on the banner differ from a line that is cut. */
    this.isMending = signal(false);
    this._line = line;
    this._own = own;
    this._rights = rights;
    this._around = around;
    this._sending = /** @type {Publishing | null} */ (null);
    this._sharing = /** @type {Publishing | null} */ (null);
    this._watching = /** @type {Watching | null} */ (null);
    this._sound = /** @type {MediaStreamTrack | null} */ (null);
    this._mending = 0;
    this._isOver = false;
    this._effects = /** @type {(() => void)[]} */ ([]);
  }

  /** Follow one's own devices, as far as anything is open. */
  begin() {
    this._effects = [
      effect(() => this._put("camera", this._own.camera.value)),
      effect(() => this._put("microphone", this._own.voice.value)),
    ];
  }

  /**
   * Open what does not go on from before the cut.
   *
   * @param {ReadonlySet<string>} resumed
   */
  async open(resumed) {
    const goesOn = (/** @type {{media: string} | null} */ one) => one !== null && resumed.has(one.media);
    await Promise.all([
      goesOn(this._sending) || this._openSending(),
      goesOn(this._watching) || this._openWatching(),
      goesOn(this._sharing) || (this.screen.value && this._openSharing()),
    ]);
  }

  /**
   * Show one's screen to the others, until it is ended here or in the browser's own bar.
   *
   * @param {{screen: MediaStreamTrack, sound: MediaStreamTrack | null}} chosen
   */
  async share({ screen, sound }) {
    this.stopSharing();
    screen.addEventListener("ended", () => this.screen.value === screen && this.stopSharing());
    this._sound = sound;
    this.screen.value = screen;
    await this._openSharing();
  }

  stopSharing() {
    this.screen.value?.stop();
    this._sound?.stop();
    this._sharing?.close();
    this._sharing = this._sound = null;
    this.screen.value = null;
  }

  /**
   * What the page has use for, by MID; whatever is not named is not shown.
   *
   * @param {ReadonlyMap<string, Wish>} shown
   */
  show(shown) {
    const tracks = this.incoming.value.filter((one) => one.kind === "video");
    const wishes = tracks.map((one) => [one.mid, shown.get(one.mid) ?? { paused: true }]);
    this._watching?.wish(Object.fromEntries(wishes));
  }

  /** @returns {RTCPeerConnection | null} by which the others arrive */
  get arriving() {
    return this._watching?.connection ?? null;
  }

  /** What the server says of connections. @param {Told} told */
  hear(told) {
    TOLD[told.type]?.(this, told);
  }

  /** The call is over. */
  close() {
    this._isOver = true;
    for (const stop of this._effects) stop();
    this.stopSharing();
    const [watching, sending] = [this._watching, this._sending];
    this._watching = this._sending = null;
    watching?.close();
    sending?.connection.close();
    this.incoming.value = [];
  }

  _openSending() {
    const sources = USUAL.filter((one) => this._rights.value.publish?.includes(one));
    if (sources.length === 0) return Promise.resolve();
    return this._mend(async () => {
      this._sending?.close();
      const sending = (this._sending = new Publishing(this._line, sources));
      this._guard(sending, () => this._sending === sending && this._openSending());
      await sending.open({ microphone: this._own.voice.peek(), camera: this._own.camera.peek() });
    });
  }

  _openSharing() {
    const sources = /** @type {Source[]} */ (this._sound === null ? ["screen"] : ["screen", "screen_audio"]);
    return this._mend(async () => {
      this._sharing?.close();
      if (this.screen.value === null) return;
      const sharing = (this._sharing = new Publishing(this._line, sources));
      this._guard(sharing, () => this._sharing === sharing && this._openSharing());
      await sharing.open({ screen: this.screen.value, screen_audio: this._sound });
    });
  }

  _openWatching() {
    if (!this._rights.value.subscribe) return Promise.resolve();
    return this._mend(async () => {
      this._watching?.close();
      const watching = (this._watching = new Watching(this._line, (incoming) => {
        if (this._watching === watching) this.incoming.value = incoming;
      }));
      this.news.value = new Map();
      this._guard(watching, () => this._watching === watching && this._openWatching());
      await watching.open();
    });
  }

  /**
   * Open it, however often that takes.
   *
   * @param {() => Promise<void>} open
   */
  async _mend(open) {
    this._mending += 1;
    this.isMending.value = true;
    try {
      for (let tries = 0; tries < MEDIA_TRIES && !this._isOver; tries += 1) {
        const failure = await open().then(() => null, codeOf);
        if (failure === null || FINAL.has(failure)) return;
        await this._pause(waitBefore(Math.min(tries, 2), this._around.random()));
      }
    } finally {
      this._mending -= 1;
      this.isMending.value = this._mending > 0;
    }
  }

  /**
   * A connection that has failed on our side is opened anew.
   *
   * @param {{connection: RTCPeerConnection}} opened
   * @param {() => void} again
   */
  _guard(opened, again) {
    const { connection } = opened;
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === "failed" && this._line.state === "up") again();
    };
  }

  /** @param {Source} source @param {MediaStreamTrack | null} track */
  _put(source, track) {
    // A connection that is closed by now is followed by one that is given the track at its opening.
    this._sending?.put(source, track).catch(() => {});
  }

  /** The server says that a connection is no more. @param {string} media */
  _lost(media) {
    if (this._sending?.media === media) this._openSending();
    else if (this._watching?.media === media) this._openWatching();
    else if (this._sharing?.media === media) this._openSharing();
  }

  /** @param {number} delayMs */
  _pause(delayMs) {
    return new Promise((resolve) => this._around.later(() => resolve(undefined), delayMs));
  }
}

/** @type {Readonly<Record<string, (all: Connections, told: Told) => void>>} */
const TOLD = {
  offer: (all, told) => all._watching?.take(/** @type {any} */ (told)),
  track_news: (all, told) => {
    if (all._watching?.media !== told.media) return;
    const { mid, reason, height } = told;
    all.news.value = new Map(all.news.value).set(mid, { reason, height });
  },
  encodings_wanted: (all, told) => {
    const sent = [all._sending, all._sharing].find((one) => one?.media === told.media);
    sent?.want(told.mid, told.rids).catch(() => {});
  },
  media_lost: (all, told) => all._lost(told.media),
  quality: (all, told) => {
    if (told.state === "failed" || told.state === "closed") all._lost(told.media);
  },
};
