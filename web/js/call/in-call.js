/**
 * One's part in a call: the line, who is there, what one may, and how it ends.
 *
 * Knows protocol and signals, and comes back after a cut.  What is sent and what arrives is the business of its
 * connections.  It refuses to know the page.
 */

import { batch, computed, effect, signal } from "@preact/signals-core";
import { mustAgree } from "../consent.js";
import { codeOf } from "../protocol/line.js";
import { RoomLine } from "../protocol/room-line.js";
import { NO_PROOFS, proofsAfter } from "../proofs.js";
import { NO_STANDINGS, after as risksAfter } from "../risk.js";
import { Challenged } from "./challenge.js";
import { Proving } from "./proving.js";
import { Connections } from "./connections.js";
import { NOBODY, after, settled } from "./roster.js";

/** @typedef {import("../protocol/messages.js").Snapshot} Snapshot */
/** @typedef {import("../protocol/messages.js").RoomEvent} RoomEvent */
/** @typedef {import("../protocol/messages.js").DetectionHere} DetectionHere */
/** @typedef {import("../protocol/messages.js").Told} Told */
/** @typedef {import("../protocol/messages.js").Rights} Rights */
/** @typedef {import("./own.js").Own} Own */
/** @typedef {import("../calls.js").Call} Call */

/** How it ended: `left`, `ended`, `removed`, `banned`, `waiting`, or a code of the table of errors. */
/** @typedef {{how: string, reason: string | null}} Ending */

/**
 * @typedef {object} Doors what the call asks of the server beside the line
 * @property {(room: string, medium: "audio" | "video") => Promise<Call>} start
 * @property {(id: string) => Promise<unknown>} leave
 * @property {(id: string) => Promise<unknown>} end
 */

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
    this.speaker = signal(/** @type {string | null} */ (null));
    this.hand = signal(false);
    /** Milliseconds until the next try, told when it begins. */
    this.wait = signal(0);
    /** Events of the room that are no matter of people: doors, gestures, calls. */
    this.happened = signal(/** @type {RoomEvent | null} */ (null));
    this.me = computed(() => this.roster.value.get(identity) ?? null);
    /** How people stand, as far as one may see it. */
    this.risks = signal(NO_STANDINGS);
    /** Who was asked to prove their account, and did; as far as one may see it. */
    this.proofs = signal(NO_PROOFS);
    this.detection = signal(/** @type {DetectionHere | null} */ (null));
    this.stay = new RoomLine(room, around, { consent });
    this.challenged = new Challenged(this.stay, around);
    this.proving = new Proving(this.stay);
    this.connections = new Connections(this.stay.line, own, this.rights, around);
    this._around = around;
    this._doors = doors;
    this._stopTelling = () => {};
  }

  /** Come in. */
  join() {
    this.stay.line.on("state", (state) => this._lineIs(state));
    this.stay.line.on("wait", (delayMs) => (this.wait.value = delayMs));
    this.stay.on("snapshot", (snapshot) => this._begin(snapshot));
    this.stay.on("event", (event) => this._happen(event));
    this.stay.on("told", (told) => this._hear(told));
    this.connections.begin();
    this._stopTelling = effect(() => this._tellState());
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
      this.proofs.value = NO_PROOFS;
    });
    // The greeting has to end before anything else may be asked.
    this._around.later(() => this._comeIn(), 0);
  }

  async _comeIn() {
    const media = this.connections.open(new Set(this.stay.line.welcome?.resumed ?? []));
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

  /** @param {Told} told */
  _hear(told) {
    TOLD[told.type]?.(this, told);
    this.connections.hear(told);
  }

  _tellState() {
    const { own, hand, state } = this;
    const said = {
      microphone: own.isSpeaking.value,
      camera: own.camera.value !== null,
      screen: this.connections.screen.value !== null,
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
    this._stopTelling();
    this.connections.close();
    this.stay.leave();
  }

}

/** @type {Readonly<Record<string, (call: InCall, told: Told) => void>>} */
const TOLD = {
  proof_news: (call, told) => (call.proofs.value = proofsAfter(call.proofs.value, /** @type {any} */ (told))),
  risk_news: (call, told) => {
    call.risks.value = risksAfter(call.risks.value, /** @type {any} */ (told), call._around.now());
  },
  speaker_news: (call, told) => (call.speaker.value = told.identity),
};

/** @type {ReadonlyMap<string, string>} how it ends for whoever is out of the room for such a reason */
const OUT = new Map([["banned", "banned"], ["waiting", "waiting"]]);

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
    if (body.user === call.identity) call._finish(OUT.get(String(body.reason)) ?? "removed");
  },
};
