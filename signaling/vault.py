"""The vault: contents by the hash of what they hold, each once, however often it was sent.

Knows bytes and hashes.  It refuses to know whose they are, what they are called and what they
mean.  What `keep` returned for is on the disk.  `Vault` is all that files need: another kind of
store can take the place of the folder.
"""

import asyncio
import errno
import hashlib
import os
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from signaling.errors import Unavailable
from signaling.identifiers import new_name

PIECE_BYTES = 1 << 18
DRAFT = ".part"
FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Kept:
    """A content, by the SHA-256 of its bytes."""

    digest: str
    size: int


class Vault(ABC):
    """Where contents are."""

    @abstractmethod
    async def keep(self, content: Path | bytes) -> Kept:
        """Hold a copy, or know it already; the path stays where it is."""

    @abstractmethod
    async def holds(self, digest: str) -> bool:
        """True if `read` will find it."""

    @abstractmethod
    def read(self, digest: str, start: int, length: int) -> AsyncIterator[bytes]:
        """A stretch of a content, piece by piece."""

    @abstractmethod
    async def drop(self, digest: str) -> None:
        """Forget a content, if it is there."""

    @abstractmethod
    async def older_than(self, seconds: float) -> list[str]:
        """Every content that was kept, also once more, before that; halves of one are removed."""


class FolderVault(Vault):
    """Contents as files of a folder, in 256 folders by the first two digits of their hash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, content: Path | bytes) -> Kept:
        return await asyncio.to_thread(self._keep, content)

    async def holds(self, digest: str) -> bool:
        return await asyncio.to_thread(self._path(digest).exists)

    async def read(self, digest: str, start: int, length: int) -> AsyncIterator[bytes]:
        descriptor = await asyncio.to_thread(os.open, self._path(digest), os.O_RDONLY)
        try:
            while length > 0:
                wanted = min(length, PIECE_BYTES)
                piece = await asyncio.to_thread(os.pread, descriptor, wanted, start)
                if not piece:
                    raise EOFError(f"{digest} ends before {start + length}")
                yield piece
                start, length = start + len(piece), length - len(piece)
        finally:
            os.close(descriptor)

    async def drop(self, digest: str) -> None:
        await asyncio.to_thread(self._path(digest).unlink, missing_ok=True)

    async def older_than(self, seconds: float) -> list[str]:
        return await asyncio.to_thread(lambda: list(self._older_than(seconds)))

    def _older_than(self, seconds: float) -> Iterator[str]:
        # Files carry the machine's clock; the store's has nothing to do with it.
        limit = time.time() - seconds
        for path in self._folder.glob(f"*{DRAFT}"):
            if path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)
        for path in self._folder.glob("??/*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < limit:
                    yield path.name

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest

    def _keep(self, content: Path | bytes) -> Kept:
        with disk_faults():
            if isinstance(content, bytes):
                return self._keep_bytes(content)
            with content.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
                os.fsync(opened.fileno())
                self._link(content, digest)
                return Kept(digest, os.fstat(opened.fileno()).st_size)

    def _keep_bytes(self, content: bytes) -> Kept:
        digest = hashlib.sha256(content).hexdigest()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._folder / f"{new_name()}{DRAFT}"
        try:
            with draft.open("wb") as opened:
                opened.write(content)
                opened.flush()
                os.fsync(opened.fileno())
            self._link(draft, digest)
        finally:
            draft.unlink(missing_ok=True)
        return Kept(digest, len(content))

    def _link(self, draft: Path, digest: str) -> None:
        """One more name for the draft's bytes; whoever holds them already is as good as new."""
        path = self._path(digest)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            os.link(draft, path)
        os.utime(path)
        for folder in (path.parent, self._folder):
            _sync(folder)


@contextmanager
def disk_faults() -> Iterator[None]:
    """Raises Unavailable in place of an error that tells of a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise Unavailable("storage_full", str(error)) from error
        raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
