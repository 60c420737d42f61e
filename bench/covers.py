"""What comes between a camera and whoever looks.

Knows pictures and tracks.  It refuses to know who looks, and what is said of it.
"""

import asyncio
from collections.abc import Callable

import numpy as np
from aiortc import MediaStreamTrack
from av import VideoFrame

from signaling.client.clips import Clip, Pixels

Cover = Callable[[Pixels], Pixels]
# Half of what a face has to have, and much more than a finder needs.
SMALL_FACE_PX = 40
DARK = 0.03
COVERED = 110


class CoveredCamera(MediaStreamTrack):
    """Another camera, behind whatever is put before it."""

    kind = "video"

    def __init__(self, camera: MediaStreamTrack) -> None:
        super().__init__()
        self._camera = camera
        self._cover: Cover | None = None
        self._covered: asyncio.Future[float] | None = None
        self._going = asyncio.Event()
        self._going.set()

    async def recv(self) -> VideoFrame:
        await self._going.wait()
        frame = await self._camera.recv()
        assert isinstance(frame, VideoFrame)
        if self._cover is None:
            return frame
        pixels = self._cover(np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8))
        covered = VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        covered.pts, covered.time_base = frame.pts, frame.time_base
        if self._covered is not None and not self._covered.done():
            self._covered.set_result(asyncio.get_running_loop().time())
        return covered

    async def cover(self, cover: Cover) -> float:
        """Put this before it; when the first picture of it is handed on to be encoded."""
        self._cover = cover
        self._covered = asyncio.get_running_loop().create_future()
        return await self._covered

    def uncover(self) -> None:
        self._cover = None

    def pause(self) -> None:
        """Hand on nothing more."""
        self._going.clear()


def dark(pixels: Pixels) -> Pixels:
    return np.asarray(pixels * DARK, dtype=np.uint8)


def hidden(pixels: Pixels) -> Pixels:
    """A thumb on the lens, or a lid."""
    return np.full_like(pixels, COVERED)


def left(clip: Clip) -> Cover:
    """What is seen of the room at the edge of the film, where nobody ever is, made as wide as the
    picture; mirrored pieces of it would look like faces."""
    width = max(4, int(min(box[0] for box in clip.boxes) / 2))

    def empty(pixels: Pixels) -> Pixels:
        edge = pixels[:, :width].mean(axis=1, keepdims=True).astype(np.uint8)
        return edge.repeat(pixels.shape[1], axis=1)

    return empty


def far(clip: Clip) -> Cover:
    """The whole film, small, in an empty room."""
    step = max(2, round(max(box[2] for box in clip.boxes) / SMALL_FACE_PX))
    empty = left(clip)

    def away(pixels: Pixels) -> Pixels:
        room, small = empty(pixels), pixels[::step, ::step]
        top, beside = (room.shape[0] - small.shape[0]) // 2, (room.shape[1] - small.shape[1]) // 2
        room[top : top + small.shape[0], beside : beside + small.shape[1]] = small
        return room

    return away
