"""What a headless caller sends: a pattern with a bar that moves, silence, or a file."""

import asyncio
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from aiortc import MediaStreamTrack
from aiortc.contrib.media import MediaPlayer
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame

WIDTH, HEIGHT, FRAMES_PER_SECOND = 640, 360, 30
BAR_WIDTH, STEP = 40, 8
VIDEO_CLOCK_HZ = 90_000
AUDIO_RATE_HZ, AUDIO_SAMPLES = 48_000, 960
GREY, WHITE, NO_COLOUR = 90, 235, 128


class Pattern(MediaStreamTrack):
    """A white bar on grey that goes to the right."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._began_s = asyncio.get_running_loop().time()

    async def recv(self) -> VideoFrame:
        await wait_until(self, self._began_s + self._count / FRAMES_PER_SECOND)
        frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        left = self._count * STEP % (WIDTH - BAR_WIDTH)
        right = WIDTH - BAR_WIDTH - left
        luma, *colours = frame.planes
        row = bytes([GREY]) * left + bytes([WHITE]) * BAR_WIDTH + bytes([GREY]) * right
        luma.update(row.ljust(luma.line_size, b"\0") * luma.height)
        for colour in colours:
            colour.update(bytes([NO_COLOUR]) * colour.buffer_size)
        frame.pts = self._count * VIDEO_CLOCK_HZ // FRAMES_PER_SECOND
        frame.time_base = Fraction(1, VIDEO_CLOCK_HZ)
        self._count += 1
        return frame


class Silence(MediaStreamTrack):
    """Sound in which nothing is to be heard."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._began_s = asyncio.get_running_loop().time()

    async def recv(self) -> AudioFrame:
        await wait_until(self, self._began_s + self._count / AUDIO_RATE_HZ)
        frame = AudioFrame(format="s16", layout="mono", samples=AUDIO_SAMPLES)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate = AUDIO_RATE_HZ
        frame.pts = self._count
        frame.time_base = Fraction(1, AUDIO_RATE_HZ)
        self._count += AUDIO_SAMPLES
        return frame


def tracks_of(what: str) -> Sequence[MediaStreamTrack]:
    """`pattern`, `silence`, or the path of a file, which is played again and again."""
    if what == "pattern":
        return (Silence(), Pattern())
    if what == "silence":
        return (Silence(),)
    if not Path(what).is_file():
        raise FileNotFoundError(what)
    player = MediaPlayer(what, loop=True)
    return tuple(track for track in (player.audio, player.video) if track is not None)


async def wait_until(track: MediaStreamTrack, due_s: float) -> None:
    """Until the loop's clock says so; `MediaStreamError` if the track has ended."""
    if track.readyState != "live":
        raise MediaStreamError
    await asyncio.sleep(max(0.0, due_s - asyncio.get_running_loop().time()))
