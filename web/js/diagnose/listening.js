/**
 * A socket that is listened in on: every frame either way is noted, without what is secret in it.
 *
 * Knows what the line knows of sockets.  It refuses to know what a frame means.
 */

/** @typedef {import("../protocol/line.js").Surroundings} Surroundings */
/** @typedef {import("../protocol/line.js").SocketLike} SocketLike */

/**
 * @typedef {object} Frame
 * @property {number} number
 * @property {number} atMs since any moment
 * @property {"opened" | "sent" | "received" | "closed"} way
 * @property {string} type of its message; the code of a close
 * @property {number} bytes
 * @property {string} text
 */

const SECRETS = new Set(["token", "resume"]);
const PASSWORD = /(a=ice-pwd:)\S+/g;

/** @param {string} name @param {unknown} value */
const hidden = (name, value) => {
  if (typeof value !== "string" || value === "") return value;
  return SECRETS.has(name) ? "…" : value.replace(PASSWORD, "$1…");
};

/**
 * @param {string} text
 * @returns {{type: string, text: string}} as it may be shown and handed on
 */
export function readable(text) {
  try {
    const message = JSON.parse(text, hidden);
    return { type: String(message.type), text: JSON.stringify(message, null, 2) };
  } catch {
    return { type: "", text };
  }
}

/**
 * @param {Surroundings} around
 * @param {(frame: Frame) => void} note
 * @returns {Surroundings & {cut: () => void}} `cut` ends the socket that is open
 */
export function listening(around, note) {
  let number = 0;
  /** @type {SocketLike | null} */
  let newest = null;
  /** @param {Frame["way"]} way @param {string} type @param {number} [bytes] @param {string} [text] */
  const say = (way, type, bytes = 0, text = "") => {
    number += 1;
    note({ number, atMs: around.now(), way, type, bytes, text });
  };
  /** @param {"sent" | "received"} way @param {string} frame */
  const sayFrame = (way, frame) => {
    const { type, text } = readable(frame);
    say(way, type, new Blob([frame]).size, text);
  };
  const open = () => {
    const socket = (newest = around.open());
    const tapped = new Tapped(socket, sayFrame);
    socket.onopen = (event) => {
      say("opened", "");
      tapped.onopen?.(event);
    };
    socket.onclose = (event) => {
      say("closed", String(event.code));
      tapped.onclose?.(event);
    };
    return tapped;
  };
  return { ...around, open, cut: () => newest?.close() };
}

/** @implements {SocketLike} */
class Tapped {
  /** @param {SocketLike} socket @param {(way: "sent" | "received", frame: string) => void} say */
  constructor(socket, say) {
    this._socket = socket;
    this._say = say;
    this.onopen = this.onmessage = this.onclose = /** @type {((event: any) => void) | null} */ (null);
    socket.onmessage = (event) => {
      say("received", event.data);
      this.onmessage?.(event);
    };
  }

  /** @param {string} text */
  send(text) {
    this._say("sent", text);
    this._socket.send(text);
  }

  /** @param {number} [code] */
  close(code) {
    this._socket.close(code);
  }
}
