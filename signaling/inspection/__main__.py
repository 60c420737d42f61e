"""The child: `python -m signaling.inspection TASK …` with the file as its standard input.

It limits itself before it reads a byte, writes what it found to standard output and ends.  A
recording without what its container said goes to a file that it is given open.
"""

import io
import os
import resource
import sys
from collections.abc import Callable, Mapping
from typing import BinaryIO

import msgspec

from signaling.inspection.report import Refusal, Unfit

MEMORY_BYTES = 256 << 20
CPU_SECONDS = 20
DESCRIPTORS = 64

LIMITS = {
    resource.RLIMIT_AS: MEMORY_BYTES,
    resource.RLIMIT_CPU: CPU_SECONDS,
    resource.RLIMIT_NOFILE: DESCRIPTORS,
    # It writes no file but the one that it is given, and that no further than it was told.
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_CORE: 0,
}


def square(source: BinaryIO, pixels: str) -> bytes:
    from signaling.inspection import images

    return msgspec.msgpack.encode(images.square(source, int(pixels)))


def image(source: BinaryIO, form: str) -> bytes:
    from signaling.inspection import images

    return msgspec.msgpack.encode(images.examine(source, form))


def media(source: BinaryIO, form: str, minutes: str, written: str) -> bytes:
    from signaling.inspection import media

    with os.fdopen(int(written), "w+b") as sink:
        return msgspec.msgpack.encode(media.examine(source, form, int(minutes) * 60, sink))


TASKS: Mapping[str, Callable[..., bytes]] = {"square": square, "image": image, "media": media}


def main() -> None:
    """One task, told on the command line behind the most bytes that it may write to a file."""
    most_bytes, name, *arguments = sys.argv[1:]
    for limit, value in (LIMITS | {resource.RLIMIT_FSIZE: int(most_bytes)}).items():
        resource.setrlimit(limit, (value, value))
    source = io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False))
    source.seek(0)
    try:
        said = TASKS[name](source, *arguments)
    except Unfit as unfit:
        said = msgspec.msgpack.encode(Refusal(str(unfit)))
    sys.stdout.buffer.write(said)
    sys.stdout.buffer.flush()
    # Decoders have nothing to tidy up that the kernel does not.
    os._exit(0)


if __name__ == "__main__":
    main()
