"""The child: `python -m signaling.inspection TASK …` with the file as its standard input.

It limits itself before it reads a byte, writes what it found to standard output and ends.
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
    # It writes no file, and leaves none behind when it dies.
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_CORE: 0,
}


def square(source: BinaryIO, pixels: str) -> bytes:
    from signaling.inspection import images

    return msgspec.msgpack.encode(images.square(source, int(pixels)))


def image(source: BinaryIO, form: str, _minutes: str) -> bytes:
    from signaling.inspection import images

    return msgspec.msgpack.encode(images.examine(source, form))


def media(source: BinaryIO, form: str, minutes: str) -> bytes:
    from signaling.inspection import media

    return msgspec.msgpack.encode(media.examine(source, form, int(minutes) * 60))


TASKS: Mapping[str, Callable[..., bytes]] = {"square": square, "image": image, "media": media}


def main() -> None:
    """One task, told on the command line."""
    for limit, value in LIMITS.items():
        resource.setrlimit(limit, (value, value))
    source = io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False))
    source.seek(0)
    name, *arguments = sys.argv[1:]
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
