/**
 * The steps of a self-test: each looks at one thing that a call needs, and says one of three words.
 *
 * Knows WebRTC, the line and devices.  It refuses to know how a result is shown; what to do about it
 * is a text of its own.
 */

import { DeviceTrouble, areOffered, openCamera, openMicrophone } from "../media/devices.js";
import { Path, loopback } from "./paths.js";

/**
 * @typedef {object} Result
 * @property {"pass" | "warn" | "fail"} state
 * @property {string} words what was seen: the last part of a text's key
 * @property {Record<string, string | number>} [values]
 */

/**
 * @typedef {object} Scene what the steps work with
 * @property {import("../protocol/line.js").Line} line up, or trying
 * @property {string} identity
 * @property {() => {picture: MediaStreamTrack, sound: MediaStreamTrack}} make something to send
 * @property {() => Promise<{ready: boolean, checks: {name: string, ok: boolean}[], date: string | null}>} readiness
 * @property {Path[]} open paths that are to be closed at the end
 */

const UP_WITHIN_MS = 10_000;
// A token that is dated into the future is refused; people notice a minute on a message.
const CLOCK_OFF_S = 30;

/** @param {Result["state"]} state @param {string} words @param {Record<string, string | number>} [values] @returns {Result} */
const result = (state, words, values) => ({ state, words, values });

/** In the order in which one depends on the other. @type {Readonly<Record<string, (scene: Scene) => Promise<Result>>>} */
export const CHECKS = {
  browser: async () => {
    if (typeof RTCPeerConnection === "undefined") return result("fail", "old");
    return areOffered() ? result("pass", "fine") : result("fail", "insecure");
  },
  server: async ({ readiness }) => {
    const { ready, checks } = await readiness();
    if (ready) return result("pass", "fine");
    const names = checks.filter((one) => !one.ok).map((one) => one.name);
    return result("warn", "partly", { names: names.join(", ") });
  },
  clock: async ({ readiness }) => {
    const { date } = await readiness();
    if (date === null) return result("warn", "unknown");
    const seconds = Math.round(Math.abs(Date.now() - Date.parse(date)) / 1000);
    return seconds <= CLOCK_OFF_S ? result("pass", "fine") : result("warn", "off", { seconds });
  },
  socket: async ({ line }) => {
    if (!(await isUp(line))) return result("fail", "blocked");
    const asked = performance.now();
    await line.ask("ping");
    return result("pass", "fine", { ms: Math.round(performance.now() - asked) });
  },
  microphone: () => tried(openMicrophone),
  camera: () => tried(openCamera),
  udp: (scene) => tryPath(scene, "udp"),
  tcp: (scene) => tryPath(scene, "tcp"),
  media: async (scene) => {
    const path = scene.open[0];
    if (path === undefined) return result("fail", "no_path");
    const { frames, heard } = await loopback(scene.line, scene.identity, path.protocol);
    if (frames > 0 && heard) return result("pass", "fine", { frames });
    return result("fail", frames > 0 ? "silent" : "dark");
  },
};

/** @param {import("../protocol/line.js").Line} line @returns {Promise<boolean>} */
function isUp(line) {
  if (line.state === "up") return Promise.resolve(true);
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
async function tried(open) {
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
  const ms = await path.open(scene.make());
  if (ms === null) {
    path.close();
    // Without UDP a call still works, if TCP does; without TCP it matters to few.
    return result("warn", "blocked");
  }
  scene.open.push(path);
  return result("pass", "fine", { ms });
}
