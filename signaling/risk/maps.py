"""Maps of pictures that were kept with alerts, made when somebody asks.

Each is made in a process of its own, one at a time, within a limit of time and of memory: to cover
a face piece by piece costs seconds of a core.  It refuses to know how they are made.
"""

import asyncio
import sys
from pathlib import Path

import msgspec

from detection import MappedPicture
from signaling.errors import Unavailable
from signaling.inspection.children import without_settings

# Calls and looks go first: on a machine that has much to do, 50 looks took 76 s.
WALL_S = 180.0
# Whoever asks while so many wait is told to come again.
MOST_WAITING = 4


class Maps:
    """The service."""

    def __init__(self, models: Path, memory_bytes: int) -> None:
        self._arguments = (str(models.absolute()), str(memory_bytes))
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def of(self, picture: bytes) -> MappedPicture:
        """What moved each detector's score on a JPEG."""
        if self._waiting >= MOST_WAITING:
            raise Unavailable("busy", f"{MOST_WAITING} maps wait to be made")
        self._waiting += 1
        try:
            async with self._turn:
                said = await self._asked(picture)
        finally:
            self._waiting -= 1
        try:
            return msgspec.json.decode(said, type=MappedPicture)
        except msgspec.MsgspecError:
            raise Unavailable("busy", "the map could not be made") from None

    async def _asked(self, picture: bytes) -> bytes:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-m", "detection.mapping", *self._arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=without_settings(),
        )
        try:
            async with asyncio.timeout(WALL_S):
                said, _ = await child.communicate(picture)
        except TimeoutError:
            raise Unavailable("busy", f"a map took longer than {WALL_S:.0f} s") from None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        return said
