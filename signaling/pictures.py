"""Pictures from strangers, re-encoded where they can do no harm.

A picture is opened only in a child process with little memory and little time, after its header
said that it is small enough; what comes back is a new picture without metadata.  A decoder that
is fooled takes its child with it and nothing else.
"""

import asyncio
import io
import resource
import sys
import warnings

from signaling.errors import Refused, Unavailable

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
PIXELS = 40_000_000
MEMORY_BYTES = 256 << 20
CPU_SECONDS = 10
WALL_SECONDS = 20.0
CHILDREN = 2
# Whoever comes when so many wait is told to come again.
WAITING_LIMIT = 20


class Pictures:
    """Hands pictures to children, a few at a time."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(CHILDREN)
        self._waiting = 0

    async def square(self, content: bytes, pixels: int) -> bytes:
        """The picture's middle as a WebP of `pixels` by `pixels`; Refused("picture_refused")."""
        if self._waiting >= WAITING_LIMIT:
            raise Unavailable("busy", f"{WAITING_LIMIT} pictures wait already")
        self._waiting += 1
        try:
            async with self._room:
                return await _in_child(content, pixels)
        finally:
            self._waiting -= 1


async def _in_child(content: bytes, pixels: int) -> bytes:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "signaling.pictures", str(pixels)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(WALL_SECONDS):
            encoded, _ = await child.communicate(content)
    except TimeoutError:
        raise Refused("picture_refused", "It takes too long to open.") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0 or not encoded:
        raise Refused("picture_refused")
    return encoded


def reencode(content: bytes, pixels: int) -> bytes:
    """The middle square of a picture as WebP; raises for anything that is not one."""
    from PIL import Image, ImageOps  # only in the child

    warnings.simplefilter("error", Image.DecompressionBombWarning)
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        if opened.width * opened.height > PIXELS:
            raise ValueError("too many pixels")
        # JPEG decodes straight to a smaller size; other formats ignore the hint.
        opened.draft("RGB", (pixels * 2, pixels * 2))
        # Shrunk before it is turned or converted: the large picture is never copied.
        square = ImageOps.fit(opened, (pixels, pixels))
        square.getexif().update(opened.getexif())
    upright = ImageOps.exif_transpose(square).convert("RGBA")
    out = io.BytesIO()
    upright.save(out, "WEBP", quality=85)
    return out.getvalue()


def main() -> None:
    """The child: a picture on standard input, its small copy on standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(reencode(sys.stdin.buffer.read(), int(sys.argv[1])))


if __name__ == "__main__":
    main()
