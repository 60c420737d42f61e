"""`python -m detection.mapping MODELS MEMORY`: maps of a picture that was kept with an alert.

A JPEG comes in on standard input, a `MappedPicture` goes out as JSON.  The process lives for one
picture, below everything else on the machine and under a limit of memory; whoever starts it sets
its time.
"""

import io
import os
import resource
import sys
from pathlib import Path
from typing import cast

import av
import msgspec

from detection.detectors import open_detectors
from detection.maps import MappedPicture
from detection.media import Picture, Pixels
from detection.occlusion import occlusion_maps
from detection.tools import open_tools

# What is kept with an alert has a quarter of it.
MOST_BYTES = 1 << 20
_NICENESS = 15


def mapped(jpeg: bytes, models: Path) -> MappedPicture:
    """Look for the face again, and cover it piece by piece."""
    pixels = _decoded(jpeg)
    height, width = pixels.shape[:2]
    detectors, _ = open_detectors(models)
    if not detectors:
        return MappedPicture(width, height, why="no_detector")
    finder = open_tools(models).finder
    picture = Picture(0.0, 0.0, pixels)
    faces = () if finder is None else finder.find(picture)
    if not faces:
        return MappedPicture(width, height, why="no_face")
    return MappedPicture(width, height, occlusion_maps(picture, faces[0], detectors))


def _decoded(jpeg: bytes) -> Pixels:
    with av.open(io.BytesIO(jpeg), "r", format="jpeg_pipe") as file:
        frame = next(file.decode(file.streams.video[0]))
        return cast(Pixels, frame.to_ndarray(format="rgb24"))


def main() -> int:
    models, memory_bytes = Path(sys.argv[1]), int(sys.argv[2])
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    found = mapped(sys.stdin.buffer.read(MOST_BYTES), models)
    sys.stdout.buffer.write(msgspec.json.encode(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
