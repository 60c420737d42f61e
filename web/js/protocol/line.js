/**
 * One line to the server: says hello, asks and is answered, and is there again after every cut.
 *
 * Knows sockets by four members (`send`, `close`, `onmessage`, `onclose`) and time by two
 * functions, which are handed in.  It refuses to know rooms, media and the page.
 */

import { Emitter } from "./emitter.js";
import { waitBefore } from "./waiting.js";

/** @typedef {import("./messages.js").Told} Told */
/** @typedef {import("./messages.js").Welcome} Welcome */

/**
 * @typedef {object} SocketLike
 * @property {(text: string) => void} send
 * @property {(code?: number) => void} close
 * @property {((event: any) => void) | null} onopen
 * @property {((event: any) => void) | null} onmessage
 * @property {((event: any) => void) | null} onclose
 */

/**
 * @typedef {object} Surroundings
 * @property {() => SocketLike} open a new socket to the server
 * @property {(act: () => void, delayMs: number) => any} later
 * @property {(timer: any) => void} forget
 * @property {() => number} random from 0 to 1
 * @property {() => number} now milliseconds of any clock that goes steadily
 */

/** `away` is between two connections; `over` is for good. */
/** @typedef {"connecting" | "up" | "away" | "over"} State */

const VERSION = 1;
const ANSWER_WITHIN_MS = 20_000;
// A cut is often noticed by nobody but the one who asks: so long without a word, and we ask.
const ASK_AFTER_MS = 10_000;
const GONE_AFTER_MS = 8_000;
// Nobody is signed in (any more): another try would end the same way.
const UNAUTHENTICATED = 4401;
// Refusals of a greeting that pass by themselves; every other one is for good.
const PASSING = new Set(["busy", "draining", "internal", "rate_limited", "store_unavailable"]);
const REPLACED = 4409;
const TOO_OFTEN = 4429;
const TOO_OFTEN_WAIT_MS = 10_000;

/** The server refused a message, or the line was cut before it answered. */
export class Refusal extends Error {
  /**
   * @param {string} code of the table of errors, or `cut`
   * @param {string | null} [detail]
   * @param {number | null} [retryAfterSeconds]
   */
  constructor(code, detail = null, retryAfterSeconds = null) {
    super(detail ?? code);
    this.name = "Refusal";
    this.code = code;
    this.detail = detail;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** @param {unknown} error @returns {string} its code of the table of errors; `internal` if it has none */
export const codeOf = (error) => (error instanceof Error && "code" in error ? String(error.code) : "internal");

/**
 * Emits `state` (State), `wait` (milliseconds until the next try) and `told` (all that is no
 * answer).  Whoever asks while the line is away is refused at once with `cut`.
 *
 * @extends {Emitter<{state: State, wait: number, told: Told}>}
 */
export class Line extends Emitter {
  /** @param {Surroundings} around @param {(line: Line) => Promise<void>} greet runs after hello */
  constructor(around, greet) {
    super();
    this.state = /** @type {State} */ ("connecting");
    this.welcome = /** @type {Welcome | null} */ (null);
    this._secret = "";
    /** Why it is over: a code of the table of errors; empty if one hung up oneself. */
    this.endedBy = "";
    this._around = around;
    this._greet = greet;
    this._socket = /** @type {SocketLike | null} */ (null);
    this._waiting = /** @type {Map<number, {done: (told: Told) => void, fail: (error: Error) => void}>} */ (new Map());
    this._number = 0;
    this._tries = 0;
    this._comeBackMs = /** @type {number | null} */ (null);
    this._retry = /** @type {any} */ (null);
    this._watch = /** @type {any} */ (null);
    this._heardAt = 0;
  }

  /** Connect; the line keeps itself up from now on. */
  open() {
    this._connect();
  }

  /** Hang up for good. */
  close() {
    this._end();
    this._socket?.close(1000);
    this._drop();
  }

  /** Try now instead of waiting: the browser says that there is a network again. */
  hurry() {
    if (this.state !== "away") return;
    this._around.forget(this._retry);
    this._connect();
  }

  /** The network changed under us: ask whether anybody is there, and do not wait long. */
  doubt() {
    if (this.state === "up") this._probe();
    else this.hurry();
  }

  /**
   * @param {string} type
   * @param {Record<string, unknown>} [fields]
   * @returns {Promise<Told>} rejects with Refusal
   */
  ask(type, fields = {}) {
    const socket = this._socket;
    if (socket === null || (this.state !== "up" && type !== "hello" && !this._greeting)) {
      return Promise.reject(new Refusal("cut"));
    }
    this._number += 1;
    const id = this._number;
    return new Promise((resolve, reject) => {
      const timer = this._around.later(() => fail(new Refusal("cut")), ANSWER_WITHIN_MS);
      const settled = () => {
        this._around.forget(timer);
        this._waiting.delete(id);
      };
      const done = (/** @type {Told} */ told) => {
        settled();
        const refused = told.type === "error" ? told.error : undefined;
        if (refused) reject(new Refusal(refused.code, refused.detail, refused.retry_after_s));
        else resolve(told);
      };
      const fail = (/** @type {Error} */ error) => {
        settled();
        reject(error);
      };
      this._waiting.set(id, { done, fail });
      socket.send(JSON.stringify({ type, ...fields, id }));
    });
  }

  _connect() {
    this._set("connecting");
    const socket = this._around.open();
    this._socket = socket;
    const isOurs = () => this._socket === socket;
    socket.onopen = () => isOurs() && this._introduce();
    socket.onmessage = (event) => isOurs() && this._receive(event.data);
    socket.onclose = (event) => isOurs() && this._closed(event.code);
  }

  async _introduce() {
    const socket = this._socket;
    this._heard();
    this._greeting = true;
    try {
      const said = { version: VERSION, client: "candor web", resume: this._secret };
      const welcome = /** @type {Welcome} */ (/** @type {unknown} */ (await this.ask("hello", said)));
      this.welcome = welcome;
      this._secret = welcome.resume;
      await this._greet(this);
    } catch (error) {
      this._notGreeted(error, socket);
      return;
    } finally {
      this._greeting = false;
    }
    this._tries = 0;
    this._set("up");
  }

  /**
   * Refused for good, or for a while; a cut is taken care of by `_closed`.
   *
   * @param {unknown} error
   * @param {SocketLike | null} socket
   */
  _notGreeted(error, socket) {
    const code = error instanceof Refusal ? error.code : "internal";
    if (code === "cut" || this._socket !== socket) return;
    if (PASSING.has(code)) {
      socket?.close();
      return;
    }
    this.endedBy = code;
    this._end();
    socket?.close();
    this._drop();
  }

  /** @param {string} text */
  _receive(text) {
    this._heard();
    const told = /** @type {Told} */ (JSON.parse(text));
    if (told.re !== undefined) {
      this._waiting.get(told.re)?.done(told);
      return;
    }
    if (told.type === "bye") this._comeBackMs = told.seconds * 1000;
    this.emit("told", told);
  }

  /** @param {number} code */
  _closed(code) {
    this._drop();
    if (this.state === "over") return;
    if (code === UNAUTHENTICATED || code === REPLACED) {
      this.endedBy = "session_ended";
      this._end();
      return;
    }
    const least = code === TOO_OFTEN ? TOO_OFTEN_WAIT_MS : (this._comeBackMs ?? 0);
    this._comeBackMs = null;
    const delayMs = Math.max(least, waitBefore(this._tries, this._around.random()));
    this._tries += 1;
    this._set("away");
    this.emit("wait", delayMs);
    this._retry = this._around.later(() => this._connect(), delayMs);
  }

  /** Nobody is answered any more on this socket. */
  _drop() {
    this._around.forget(this._watch);
    this._socket = null;
    for (const one of [...this._waiting.values()]) one.fail(new Refusal("cut"));
  }

  _end() {
    this._around.forget(this._retry);
    this._around.forget(this._watch);
    this._set("over");
  }

  _heard() {
    this._heardAt = this._around.now();
    this._around.forget(this._watch);
    this._watch = this._around.later(() => this._probe(), ASK_AFTER_MS);
  }

  /**
   * Is anybody there?  If not, do not wait for TCP to give up.  The old socket is left as it is: to
   * close it would be a goodbye, and end what goes on by the next.
   */
  _probe() {
    const socket = this._socket;
    if (socket === null) return;
    const askedAt = this._around.now();
    this._around.forget(this._watch);
    this._watch = this._around.later(() => {
      if (this._socket !== socket || this._heardAt > askedAt) return;
      this._socket = null;
      this._closed(1006);
    }, GONE_AFTER_MS);
    this.ask("ping").catch(() => {});
  }

  /** @param {State} state */
  _set(state) {
    if (state === this.state) return;
    this.state = state;
    this.emit("state", state);
  }

  _greeting = false;
}
