"""Drafts: uploads on their way in, one growing file each, on this machine's disk.

How far an upload has come is the size of its draft and nothing else: what is on the disk cannot
contradict it.  Whoever writes to a draft, or works on it, holds it; nobody else may meanwhile.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from signaling.vault import disk_faults

# Pieces from the network are written once they are as large as this together.
WRITE_BYTES = 1 << 18
BESIDE = ".made"


class Held(Exception):
    """Somebody else writes to the draft, or works on it."""


class Elsewhere(Exception):
    """The draft does not stand where the writer thinks."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class TooMuch(Exception):
    """More came than was announced."""


class Drafts:
    """The folder of all drafts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def size(self, name: str) -> int:
        """How much of it came; 0 for one that was not begun."""
        try:
            return (await asyncio.to_thread(self._path(name).stat)).st_size
        except FileNotFoundError:
            return 0

    async def append(self, name: str, start: int, pieces: AsyncIterable[bytes], most: int) -> int:
        """Write behind `start`, up to `most` in all; how much there is then.

        What came before an interruption is kept.  Raises Held, Elsewhere, TooMuch.
        """
        async with self._held(name) as descriptor:
            size = os.fstat(descriptor).st_size
            if size != start:
                raise Elsewhere(size)
            waiting = bytearray()
            try:
                async for piece in pieces:
                    waiting += piece
                    if size + len(waiting) > most:
                        waiting.clear()
                        raise TooMuch(most)
                    if len(waiting) >= WRITE_BYTES:
                        size += await asyncio.to_thread(_write, descriptor, bytes(waiting))
                        waiting.clear()
            finally:
                if waiting:
                    size += await asyncio.to_thread(_write, descriptor, bytes(waiting))
            return size

    @asynccontextmanager
    async def whole(self, name: str) -> AsyncIterator[Path]:
        """The draft's file for as long as the block lasts; raises Held."""
        async with self._held(name):
            yield self._path(name)

    def beside(self, name: str) -> Path:
        """Where somebody who holds the draft may make something of it; it goes with the draft."""
        return self._path(name + BESIDE)

    async def drop(self, name: str) -> None:
        """Gone; whoever still writes to it writes to nothing."""
        for path in (self._path(name), self.beside(name)):
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def names(self) -> list[str]:
        """Every draft that there is."""
        return await asyncio.to_thread(lambda: [path.name for path in self._paths()])

    async def left_for(self, seconds: float) -> list[str]:
        """Drafts to which nothing came for so long, and that nobody holds."""
        return await asyncio.to_thread(lambda: list(self._left_for(seconds)))

    def _left_for(self, seconds: float) -> Iterator[str]:
        limit = time.time() - seconds
        for path in self._paths():
            with suppress(FileNotFoundError, Held):
                if path.stat().st_mtime < limit:
                    with _lock(path):
                        yield path.name

    def _paths(self) -> list[Path]:
        return list(self._folder.iterdir()) if self._folder.exists() else []

    def _path(self, name: str) -> Path:
        return self._folder / name

    @asynccontextmanager
    async def _held(self, name: str) -> AsyncIterator[int]:
        with disk_faults():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _lock(self._path(name), os.O_CREAT) as descriptor:
                yield descriptor


@contextmanager
def _lock(path: Path, flags: int = 0) -> Iterator[int]:
    """The file, opened to be written behind its end, and ours alone; raises Held."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | flags, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Held(path.name) from None
        yield descriptor
    finally:
        os.close(descriptor)


def _write(descriptor: int, content: bytes) -> int:
    with memoryview(content) as left:
        written = 0
        while written < len(content):
            written += os.write(descriptor, left[written:])
    return written
