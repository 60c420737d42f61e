"""Whole pictures made smaller, by libswscale.

Knows that setting a scaler up costs ten times as much as scaling a picture, and starts threads
unless told otherwise: whoever scales picture after picture keeps one.
"""

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from detection.media import Pixels
from detection.sampling import Floats


class Scaler:
    """For one thread, and best for pictures of one size."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def pixels(self, frame: av.VideoFrame, width: int, height: int) -> Pixels:
        """A decoded picture in red, green and blue."""
        small = self._reformatter.reformat(frame, width, height, "rgb24", threads=1)
        return np.asarray(small.to_ndarray(), np.uint8)

    def squared(self, pixels: Pixels, size: int) -> Floats:
        """All of a picture in the middle of `size` x `size` x 3 of 0 to 255; black beside it."""
        height, width = pixels.shape[:2]
        scale = size / max(height, width)
        rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        # A tenth of what sampling costs, and every pixel counts.
        small = self._reformatter.reformat(frame, columns, rows, interpolation="AREA", threads=1)
        cut = np.zeros((size, size, 3), np.float32)
        top, left = (size - rows) // 2, (size - columns) // 2
        cut[top : top + rows, left : left + columns] = small.to_ndarray()
        return cut
