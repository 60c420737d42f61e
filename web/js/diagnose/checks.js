/**
 * The steps of a self-test: each looks at one thing that a call needs, and says one of three words.
 *
 * Knows WebRTC, the line and devices.  It refuses to know how a result is shown; what to do about it
 * is a text of its own.
 */

import { DeviceTrouble, areOffered, openCamera, openMicrophone } from "../media/devices.js";
import { Path, loopback } from "./paths.js";
import { placeOfMedia } from "./places.js";

/**
 * @typedef {object} Result
 * @property {"pass" | "warn" | "fail"} state
 * @property {string} words what was seen: the last part of a text's key
 * @property {Record<string, string | number>} [values]
 * @property {string} [code] of the table of errors, if the server said why
 */

/** @typedef {{ready: boolean, checks: {name: string, ok: boolean}[], date: string | null}} Readiness */

/**
 * @typedef {object} Scene what the steps work with
 * @property {string} identity empty for somebody who is not signed in
 * @property {string} host by which the page was found
 * @property {boolean} isEncrypted whether the page came by HTTPS
 * @property {import("../protocol/line.js").Line} line to a room of one's own
 * @property {() => Promise<void>} begin makes that room, and opens the line; once
 * @property {() => void} cut ends the socket of the line, and nothing else
 * @property {() => {picture: MediaStreamTrack, sound: MediaStreamTrack}} make something to send
 * @property {() => Promise<Readiness>} readiness
 * @property {() => Promise<boolean>} isTrusted whether the browser trusts the certificate
 * @property {Path[]} tried ways to the server, to be closed at the end
 */

/** @typedef {Readonly<Record<string, (scene: Scene) => Promise<Result>>>} Checks */

const UP_WITHIN_MS = 10_000;
// A token that is dated into the future is refused; people notice a minute on a message.
const CLOCK_OFF_S = 30;

/** @param {Result["state"]} state @param {string} words @param {Result["values"]} [values] @returns {Result} */
export const result = (state, words, values) => ({ state, words, values });

/** In the order in which one depends on the other. */
export const CHECKS = /** @satisfies {Checks} */ ({
  browser: async () => {
    if (typeof RTCPeerConnection === "undefined") return result("fail", "old");
    return areOffered() ? result("pass", "fine") : result("fail", "insecure");
  },
  certificate: async ({ isEncrypted, isTrusted }) => {
    if (!isEncrypted) return result("pass", "none");
    return (await isTrusted()) ? result("pass", "fine") : result("warn", "untrusted");
  },
  server: async ({ readiness }) => {
    const { ready, checks } = await readiness();
    if (ready) return result("pass", "fine");
    const names = checks.filter((one) => !one.ok).map((one) => one.name);
    return result("warn", "partly", { names: names.join(", ") });
  },
  detection: async ({ readiness }) => {
    const { checks } = await readiness();
    const process = checks.find((one) => one.name.startsWith("child detection"));
    if (process === undefined) return result("warn", "off");
    if (!process.ok) return result("warn", "down");
    const off = checks.filter((one) => one.name.startsWith("signal ") && !one.ok);
    if (off.length === 0) return result("pass", "fine");
    return result("warn", "partly", { names: off.map((one) => one.name.slice("signal ".length)).join(", ") });
  },
  clock: async ({ readiness }) => {
    const { date } = await readiness();
    if (date === null) return result("warn", "unknown");
    const seconds = Math.round(Math.abs(Date.now() - Date.parse(date)) / 1000);
    return seconds <= CLOCK_OFF_S ? result("pass", "fine") : result("warn", "off", { seconds });
  },
  microphone: () => tryDevice(openMicrophone),
  camera: () => tryDevice(openCamera),
  socket: async ({ identity, begin, line }) => {
    if (identity === "") return result("fail", "nobody");
    await begin();
    if (!(await isUp(line))) return result("fail", "blocked");
    const asked = performance.now();
    await line.ask("ping");
    return result("pass", "fine", { ms: Math.round(performance.now() - asked) });
  },
  udp: (scene) => tryPath(scene, "udp"),
  tcp: (scene) => tryPath(scene, "tcp"),
  address: async ({ tried, host }) => {
    const ends = tried.flatMap((path) => path.ends);
    if (ends.length === 0) return result("fail", "none");
    const { words, told } = placeOfMedia(ends, host);
    if (tried.some((path) => path.isThere)) return result("pass", "fine", { told, host });
    return result("fail", words, { told, host });
  },
  media: async (scene) => {
    const path = scene.tried.find((one) => one.isThere);
    if (path === undefined) return result("fail", "no_path");
    const { frames, heard } = await loopback(scene.line, scene.identity, path.protocol);
    if (frames > 0 && heard) return result("pass", "fine", { frames });
    return result("fail", frames > 0 ? "silent" : "dark");
  },
  reconnect: async ({ line, cut }) => {
    if (line.state !== "up") return result("fail", "no_socket");
    const began = performance.now();
    cut();
    if (!(await comesBack(line))) return result("fail", "away");
    return result("pass", "fine", { ms: Math.round(performance.now() - began) });
  },
});

/** @param {import("../protocol/line.js").Line} line @returns {Promise<boolean>} */
export function isUp(line) {
  return line.state === "up" ? Promise.resolve(true) : comesBack(line);
}

/** Whether the line is up again, from a moment at which it is not. @param {import("../protocol/line.js").Line} line @returns {Promise<boolean>} */
function comesBack(line) {
  if (line.state === "over") return Promise.resolve(false);
  return new Promise((resolve) => {
    const stop = line.on("state", (state) => {
      if (state === "up" || state === "over") settle(state === "up");
    });
    const timer = setTimeout(() => settle(false), UP_WITHIN_MS);
    const settle = (/** @type {boolean} */ up) => {
      clearTimeout(timer);
      stop();
      resolve(up);
    };
  });
}

/** @param {(id: string) => Promise<MediaStreamTrack>} open @returns {Promise<Result>} */
async function tryDevice(open) {
  try {
    const track = await open("");
    const { label } = track;
    track.stop();
    return result("pass", "fine", { label });
  } catch (error) {
    return result("warn", error instanceof DeviceTrouble ? error.trouble : "failed");
  }
}

/** @param {Scene} scene @param {"udp" | "tcp"} protocol @returns {Promise<Result>} */
async function tryPath(scene, protocol) {
  if (scene.line.state !== "up") return result("fail", "no_socket");
  const path = new Path(scene.line, protocol);
  scene.tried.push(path);
  const ms = await path.open(scene.make());
  // Without UDP a call still works, if TCP does; without TCP it matters to few.
  return ms === null ? result("warn", "blocked") : result("pass", "fine", { ms });
}
