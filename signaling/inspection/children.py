"""Runs children that open one file each: a few at a time, with nothing of ours in their hands."""

import asyncio
import os
import sys
from dataclasses import dataclass
from typing import BinaryIO

from signaling.errors import Unavailable

WALL_SECONDS = 20.0
CHILDREN = 2
# Whoever comes when so many wait is told to come again.
WAITING_LIMIT = 20
# A picture, its thumbnail and a few numbers; a child that says more is not ours any more.
SAID_BYTES = 32 << 20
PIECE_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Sink:
    """An open file that a child may write to, so far."""

    file: BinaryIO
    most_bytes: int


class Failed(Exception):
    """The child did not come to its end in time, or not well."""


class Children:
    """A few at a time; a queue of bounded length in front of them."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(CHILDREN)
        self._waiting = 0

    async def ask(self, source: BinaryIO, *task: str, into: Sink | None = None) -> bytes:
        """What a child says of an open file, and what it writes; raises Failed."""
        if self._waiting >= WAITING_LIMIT:
            raise Unavailable("busy", f"{WAITING_LIMIT} files wait to be looked at")
        self._waiting += 1
        try:
            async with self._room:
                return await in_child(source, task, into)
        finally:
            self._waiting -= 1


async def in_child(source: BinaryIO, task: tuple[str, ...], into: Sink | None = None) -> bytes:
    """One child, from its start to its end."""
    most_bytes, written = (into.most_bytes, [into.file.fileno()]) if into else (0, [])
    said_to = (str(most_bytes), *task, *map(str, written))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "signaling.inspection", *said_to),
        stdin=source,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        pass_fds=written,
        env=without_settings(),
    )
    try:
        async with asyncio.timeout(WALL_SECONDS):
            said = await _said(child)
            await child.wait()
    except TimeoutError:
        raise Failed("It takes too long to open.") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0 or not said:
        raise Failed("It cannot be opened.")
    return said


async def _said(child: asyncio.subprocess.Process) -> bytes:
    assert child.stdout is not None
    said = bytearray()
    while piece := await child.stdout.read(PIECE_BYTES):
        said += piece
        if len(said) > SAID_BYTES:
            raise Failed("It cannot be opened.")
    return bytes(said)


def without_settings() -> dict[str, str]:
    """Ours without our settings: among them is the secret."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CANDOR_")}
