/**
 * Cameras, microphones and loudspeakers: found, opened, and why not, in one word.
 *
 * Knows the browser's media devices.  It refuses to know what becomes of a track.
 */

/** @typedef {"audioinput" | "videoinput" | "audiooutput"} DeviceKind */

/** Why there is no picture or no sound; each has a sentence. */
/** @typedef {"insecure" | "denied" | "missing" | "in_use" | "failed"} Trouble */

/** @type {Readonly<Record<string, Trouble>>} */
const TROUBLES = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "in_use",
  AbortError: "in_use",
};

const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** A device could not be opened. */
export class DeviceTrouble extends Error {
  /** @param {Trouble} trouble */
  constructor(trouble) {
    super(trouble);
    this.name = "DeviceTrouble";
    this.trouble = trouble;
  }
}

/**
 * @param {unknown} error
 * @returns {Trouble}
 */
export const troubleOf = (error) =>
  (error instanceof Error && TROUBLES[error.name]) || "failed";

/** @returns {boolean} false where the browser hides its devices: not HTTPS, and not this machine */
export const areOffered = () => navigator.mediaDevices?.getUserMedia !== undefined;

/** @param {string} id empty for any @returns {Promise<MediaStreamTrack>} rejects with DeviceTrouble */
export const openCamera = (id) => openedOrAny(id, (chosen) => ({ video: { ...PICTURE, ...chosen } }));

/** @param {string} id empty for any @returns {Promise<MediaStreamTrack>} rejects with DeviceTrouble */
export const openMicrophone = (id) => openedOrAny(id, (chosen) => ({ audio: { ...SOUND, ...chosen } }));

/**
 * The device that was chosen, or another if that was taken out.  A mere wish for it would lose
 * against a camera that has the better picture.
 *
 * @param {string} id
 * @param {(chosen: MediaTrackConstraints) => MediaStreamConstraints} wanted
 */
async function openedOrAny(id, wanted) {
  if (id === "") return opened(wanted({}));
  try {
    return await opened(wanted({ deviceId: { exact: id } }));
  } catch (error) {
    if (!(error instanceof DeviceTrouble) || error.trouble !== "missing") throw error;
    return opened(wanted({}));
  }
}

/** @param {MediaStreamConstraints} wanted */
async function opened(wanted) {
  if (!areOffered()) throw new DeviceTrouble("insecure");
  try {
    const stream = await navigator.mediaDevices.getUserMedia(wanted);
    const [track] = stream.getTracks();
    if (track === undefined) throw new DeviceTrouble("missing");
    return track;
  } catch (error) {
    throw error instanceof DeviceTrouble ? error : new DeviceTrouble(troubleOf(error));
  }
}

/** @returns {boolean} */
export const canShare = () => navigator.mediaDevices?.getDisplayMedia !== undefined;

/**
 * The screen that somebody chose, with its sound where the browser has it.
 *
 * @returns {Promise<{screen: MediaStreamTrack, sound: MediaStreamTrack | null} | null>} null if they
 *   changed their mind
 */
export async function openScreen() {
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: true, audio: true });
    const [screen] = stream.getVideoTracks();
    if (screen === undefined) return null;
    if ("contentHint" in screen) screen.contentHint = "detail";
    return { screen, sound: stream.getAudioTracks()[0] ?? null };
  } catch (error) {
    if (troubleOf(error) === "denied") return null;
    throw new DeviceTrouble(troubleOf(error));
  }
}

/**
 * What there is; names are empty until somebody has allowed one of the kind.
 *
 * @returns {Promise<Record<DeviceKind, MediaDeviceInfo[]>>}
 */
export async function devicesThere() {
  /** @type {Record<DeviceKind, MediaDeviceInfo[]>} */
  const found = { audioinput: [], videoinput: [], audiooutput: [] };
  if (!areOffered()) return found;
  for (const device of await navigator.mediaDevices.enumerateDevices()) {
    if (device.deviceId !== "") found[device.kind]?.push(device);
  }
  return found;
}

/** @param {() => void} listener called when something is plugged in or out @returns {() => void} */
export function onDeviceChange(listener) {
  if (!areOffered()) return () => {};
  navigator.mediaDevices.addEventListener("devicechange", listener);
  return () => navigator.mediaDevices.removeEventListener("devicechange", listener);
}
