/**
 * One's part in a call: the line, what is sent, what arrives, and how it ends.
 *
 * Knows protocol, media and signals, and gets everything back that was lost: after a cut, after the
 * death of a media process, after a connection that failed.  It refuses to know the page.
 */

import { batch, computed, effect, signal } from "@preact/signals-core";
import { mustAgree } from "../consent.js";
import { waitBefore } from "../protocol/waiting.js";
import { RoomLine } from "../protocol/room-line.js";
import { Publishing } from "../media/publishing.js";
import { Watching } from "../media/watching.js";
import { NO_STANDINGS, after as risksAfter } from "../risk.js";
import { Challenged } from "./challenge.js";
import { NOBODY, after, settled } from "./roster.js";

/** @typedef {import("../protocol/messages.js").Snapshot} Snapshot */
/** @typedef {import("../protocol/messages.js").RoomEvent} RoomEvent */
/** @typedef {import("../protocol/messages.js").DetectionHere} DetectionHere */
/** @typedef {import("../protocol/messages.js").Told} Told */
/** @typedef {import("../protocol/messages.js").Rights} Rights */
/** @typedef {import("../media/watching.js").Incoming} Incoming */
/** @typedef {import("../media/watching.js").Wish} Wish */
/** @typedef {import("../media/encodings.js").Source} Source */
/** @typedef {import("./own.js").Own} Own */
/** @typedef {import("../calls.js").Call} Call */

/** How it ended: `left`, `ended`, `removed`, `banned`, or a code of the table of errors. */
/** @typedef {{how: string, reason: string | null}} Ending */

/** @typedef {{reason: string, height: number}} News */

/**
 * @typedef {object} Doors what the call asks of the server beside the line
 * @property {(room: string, medium: "audio" | "video") => Promise<Call>} start
 * @property {(id: string) => Promise<unknown>} leave
 * @property {(id: string) => Promise<unknown>} end
 */

/** @type {readonly Source[]} */
const USUAL = ["microphone", "camera"];
const MEDIA_TRIES = 40;
// Nobody is missing anything that a retry would bring.
const FINAL = new Set(["forbidden", "not_found", "bad_sdp", "codec_not_supported", "cut", "invalid"]);

export class InCall {
  /**
   * @param {{room: string, identity: string, consent: string | null}} where `consent` as in RoomLine
   * @param {Own} own
   * @param {import("../protocol/line.js").Surroundings} around
   * @param {Doors} doors
   */
  constructor({ room, identity, consent }, own, around, doors) {
    this.room = room;
    this.identity = identity;
    this.own = own;
    this.state = signal(/** @type {"joining" | "in" | "away" | "over"} */ ("joining"));
    this.ending = signal(/** @type {Ending | null} */ (null));
    this.roster = signal(NOBODY);
    this.rights = signal(/** @type {Rights} */ ({}));
    this.call = signal(/** @type {{id: string, state: string, answeredAt: string | null} | null} */ (null));
    this.incoming = signal(/** @type {Incoming[]} */ ([]));
    this.news = signal(/** @type {ReadonlyMap<string, News>} */ (new Map()));
    this.speaker = signal(/** @type {string | null} */ (null));
    this.hand = signal(false);
    this.screen = signal(/** @type {MediaStreamTrack | null} */ (null));
    /** Milliseconds until the next try, told when it begins. */
    this.wait = signal(0);
    /** Media are on their way back; the words on the banner differ from a line that is cut. */
    this.isMending = signal(false);
    /** Events of the room that are no matter of people: doors, gestures, calls. */
    this.happened = signal(/** @type {RoomEvent | null} */ (null));
    this.me = computed(() => this.roster.value.get(identity) ?? null);
    /** How people stand, as far as one may see it. */
    this.risks = signal(NO_STANDINGS);
    this.detection = signal(/** @type {DetectionHere | null} */ (null));
    this.stay = new RoomLine(room, around, { consent });
    this.challenged = new Challenged(this.stay, around);
    this._around = around;
    this._doors = doors;
    this._sending = /** @type {Publishing | null} */ (null);
    this._sharing = /** @type {Publishing | null} */ (null);
    this._watching = /** @type {Watching | null} */ (null);
    this._sound = /** @type {MediaStreamTrack | null} */ (null);
    this._mending = 0;
    this._effects = /** @type {(() => void)[]} */ ([]);
  }

  /** Come in. */
  join() {
    this.stay.line.on("state", (state) => this._lineIs(state));
    this.stay.line.on("wait", (delayMs) => (this.wait.value = delayMs));
    this.stay.on("snapshot", (snapshot) => this._begin(snapshot));
    this.stay.on("event", (event) => this._happen(event));
    this.stay.on("told", (told) => TOLD[told.type]?.(this, told));
    this._effects = [
      effect(() => this._put("camera", this.own.camera.value)),
      effect(() => this._put("microphone", this.own.voice.value)),
      effect(() => this._tellState()),
    ];
    this.stay.open();
  }

  /** Go; the others go on. */
  async leave() {
    const call = this.call.value;
    this._finish("left");
    if (call !== null) await this._doors.leave(call.id).catch(() => {});
  }

  /** End it for everybody. */
  async endForAll() {
    if (this.call.value !== null) await this._doors.end(this.call.value.id);
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
   * Show something to all for a moment.
   *
   * @param {string} gesture
   */
  gesture(gesture) {
    this.stay.line.ask("gesture", { gesture }).catch(() => {});
  }

  /** Agree to be looked at, or take that back. @param {boolean} agrees */
  async agree(agrees) {
    const version = agrees ? (this.detection.value?.version ?? "") : "";
    const told = await this.stay.line.ask("consent", { version });
    this.detection.value = told.detection;
    // The server has shown us out.
    if (!agrees && mustAgree(told.detection)) this._finish("consent_required");
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

  /** @returns {RTCPeerConnection | null} */
  get leaving() {
    return this._sending?.connection ?? null;
  }

  /** @param {import("../protocol/line.js").State} state */
  _lineIs(state) {
    if (this.state.value === "over") return;
    if (state === "over") this._finish(this.stay.line.endedBy || "left");
    else if (state === "away") this.state.value = "away";
  }

  /** @param {Snapshot} snapshot */
  _begin(snapshot) {
    const known = this.call.value;
    if (known !== null && snapshot.call?.id !== known.id) {
      this._finish("ended");
      return;
    }
    batch(() => {
      this.roster.value = settled(this.roster.value, snapshot);
      this.rights.value = snapshot.may;
      this.detection.value = snapshot.detection ?? null;
      this.risks.value = NO_STANDINGS;
    });
    // The greeting has to end before anything else may be asked.
    this._around.later(() => this._comeIn(), 0);
  }

  async _comeIn() {
    const media = this._openMedia(new Set(this.stay.line.welcome?.resumed ?? []));
    try {
      const medium = this.own.camera.peek() === null ? "audio" : "video";
      this._know(await this._doors.start(this.room, medium));
    } catch (error) {
      if (this.state.value !== "over") this._finish(codeOf(error));
      return;
    }
    await media;
    if (this.state.value !== "over" && this.stay.line.state === "up") this.state.value = "in";
  }

  /** @param {Call} call */
  _know(call) {
    this.call.value = { id: call.id, state: call.state, answeredAt: call.answered_at };
  }

  /** @param {RoomEvent} event */
  _happen(event) {
    this.roster.value = after(this.roster.value, event);
    EVENTS[event.kind]?.(this, event);
    this.happened.value = event;
  }

  /**
   * Open what does not go on from before the cut.
   *
   * @param {ReadonlySet<string>} resumed
   */
  async _openMedia(resumed) {
    const goesOn = (/** @type {{media: string} | null} */ one) => one !== null && resumed.has(one.media);
    await Promise.all([
      goesOn(this._sending) || this._openSending(),
      goesOn(this._watching) || this._openWatching(),
      goesOn(this._sharing) || (this.screen.value && this._openSharing()),
    ]);
  }

  _openSending() {
    const sources = USUAL.filter((one) => this.rights.value.publish?.includes(one));
    if (sources.length === 0) return Promise.resolve();
    return this._mend(async () => {
      this._sending?.close();
      const sending = (this._sending = new Publishing(this.stay.line, sources));
      this._guard(sending, () => this._sending === sending && this._openSending());
      await sending.open({ microphone: this.own.voice.peek(), camera: this.own.camera.peek() });
    });
  }

  _openSharing() {
    const sources = /** @type {Source[]} */ (this._sound === null ? ["screen"] : ["screen", "screen_audio"]);
    return this._mend(async () => {
      this._sharing?.close();
      if (this.screen.value === null) return;
      const sharing = (this._sharing = new Publishing(this.stay.line, sources));
      this._guard(sharing, () => this._sharing === sharing && this._openSharing());
      await sharing.open({ screen: this.screen.value, screen_audio: this._sound });
    });
  }

  _openWatching() {
    if (!this.rights.value.subscribe) return Promise.resolve();
    return this._mend(async () => {
      this._watching?.close();
      const watching = (this._watching = new Watching(this.stay.line, (incoming) => {
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
      for (let tries = 0; tries < MEDIA_TRIES && this.state.value !== "over"; tries += 1) {
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
      if (connection.connectionState === "failed" && this.stay.line.state === "up") again();
    };
  }

  /** The server says that a connection is no more. @param {string} media */
  _lost(media) {
    if (this._sending?.media === media) this._openSending();
    else if (this._watching?.media === media) this._openWatching();
    else if (this._sharing?.media === media) this._openSharing();
  }

  /** @param {Source} source @param {MediaStreamTrack | null} track */
  _put(source, track) {
    // A connection that is closed by now is followed by one that is given the track at its opening.
    this._sending?.put(source, track).catch(() => {});
  }

  _tellState() {
    const { own, hand, screen, state } = this;
    const said = {
      microphone: own.isSpeaking.value,
      camera: own.camera.value !== null,
      screen: screen.value !== null,
      hand: hand.value,
    };
    if (state.value === "in") this.stay.line.ask("media_state", said).catch(() => {});
  }

  /** @param {string} how @param {string | null} [reason] */
  _finish(how, reason = null) {
    if (this.state.value === "over") return;
    batch(() => {
      this.state.value = "over";
      this.ending.value = { how, reason };
    });
    for (const stop of this._effects) stop();
    this.stopSharing();
    this._closeMedia();
    this.stay.leave();
  }

  _closeMedia() {
    const [watching, sending, sharing] = [this._watching, this._sending, this._sharing];
    this._watching = this._sending = this._sharing = null;
    watching?.close();
    sending?.connection.close();
    sharing?.connection.close();
    this.incoming.value = [];
  }

  /** @param {number} delayMs */
  _pause(delayMs) {
    return new Promise((resolve) => this._around.later(() => resolve(undefined), delayMs));
  }
}

/** @param {unknown} error @returns {string} */
const codeOf = (error) =>
  error instanceof Error && "code" in error ? String(error.code) : "internal";

/** @type {Readonly<Record<string, (call: InCall, told: Told) => void>>} */
const TOLD = {
  offer: (call, told) => call._watching?.take(/** @type {any} */ (told)),
  risk_news: (call, told) => {
    call.risks.value = risksAfter(call.risks.value, /** @type {any} */ (told), call._around.now());
  },
  speaker_news: (call, told) => (call.speaker.value = told.identity),
  track_news: (call, told) => {
    if (call._watching?.media !== told.media) return;
    const { mid, reason, height } = told;
    call.news.value = new Map(call.news.value).set(mid, { reason, height });
  },
  encodings_wanted: (call, told) => {
    const sent = [call._sending, call._sharing].find((one) => one?.media === told.media);
    sent?.want(told.mid, told.rids).catch(() => {});
  },
  media_lost: (call, told) => call._lost(told.media),
  quality: (call, told) => {
    if (told.state === "failed" || told.state === "closed") call._lost(told.media);
  },
};

/** @type {Readonly<Record<string, (call: InCall, event: RoomEvent) => void>>} */
const EVENTS = {
  "call.active": (call, { at }) => {
    const known = call.call.value;
    if (known !== null) call.call.value = { ...known, state: "active", answeredAt: known.answeredAt ?? at };
  },
  "room.detection": (call, { body }) => {
    if (call.detection.value !== null) call.detection.value = { ...call.detection.value, ...body };
  },
  "call.ended": (call, { body }) => {
    if (body.call === call.call.value?.id) call._finish("ended", String(body.reason ?? ""));
  },
  "member.left": (call, { body }) => {
    if (body.user === call.identity) call._finish(body.reason === "banned" ? "banned" : "removed");
  },
};
