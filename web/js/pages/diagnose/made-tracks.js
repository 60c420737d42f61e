/** A picture that moves and a tone, made here: the test needs no camera and disturbs nobody. */

const WIDTH = 320;
const HEIGHT = 180;
const FRAMES_PER_SECOND = 15;

/** @returns {{tracks: () => {picture: MediaStreamTrack, sound: MediaStreamTrack}, stop: () => void}} */
export function madeTracks() {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext("2d");
  let count = 0;
  const timer = setInterval(() => {
    if (context === null) return;
    count += 1;
    context.fillStyle = "#223355";
    context.fillRect(0, 0, WIDTH, HEIGHT);
    context.fillStyle = "#ffffff";
    context.fillRect((count * 8) % WIDTH, 0, 24, HEIGHT);
  }, 1000 / FRAMES_PER_SECOND);
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const end = audio.createMediaStreamDestination();
  tone.connect(end);
  tone.start();
  const tracks = () => {
    const [picture] = canvas.captureStream(FRAMES_PER_SECOND).getVideoTracks();
    const [sound] = end.stream.getAudioTracks();
    if (picture === undefined || sound === undefined) throw new Error("This browser makes no tracks.");
    return { picture, sound };
  };
  const stop = () => {
    clearInterval(timer);
    audio.close();
  };
  return { tracks, stop };
}
