"""Inspector: asks a child what a file is, and believes nothing that it says unchecked."""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from signaling.errors import Refused
from signaling.inspection.children import Children, Failed, Sink
from signaling.inspection.natures import HEAD_BYTES, Nature, nature_of
from signaling.inspection.report import Refusal, Report

T = TypeVar("T")

# A recording may be longer once an index is added to it, but not much.
MORE_BYTES = 1 << 20

_PICTURE = msgspec.msgpack.Decoder(bytes)
_REPORT = msgspec.msgpack.Decoder(Report)
_REFUSAL = msgspec.msgpack.Decoder(Refusal)


class Inspector:
    """The service."""

    def __init__(self, longest_minutes: int) -> None:
        self._children = Children()
        self._longest_minutes = longest_minutes

    async def square(self, content: bytes, pixels: int) -> bytes:
        """The picture's middle as a WebP of `pixels` by `pixels`; Refused("picture_refused")."""
        with await asyncio.to_thread(_on_disk, content) as source:
            try:
                return _checked(await self._children.ask(source, "square", str(pixels)), _PICTURE)
            except Failed as error:
                raise Refused("picture_refused", str(error)) from None

    async def inspect(self, file: Path, bare: Path) -> Report | None:
        """What a file holds that a decoder opened; None for one that no decoder is given.

        Of a recording only sound and pictures are kept: it is at `bare` then.

        Refused("file_refused") for one that looks like a picture or a recording and is none, or
        more than one may be.
        """
        source = await asyncio.to_thread(file.open, "rb")
        with source:
            nature = nature_of(await asyncio.to_thread(source.read, HEAD_BYTES))
            if not nature.is_opened:
                return None
            try:
                if nature.task == "image":
                    return _checked(
                        await self._children.ask(source, "image", nature.format), _REPORT
                    )
                return await self._recording(source, nature, bare)
            except Failed as error:
                raise Refused("file_refused", str(error)) from None

    async def _recording(self, source: BinaryIO, nature: Nature, bare: Path) -> Report:
        task = (nature.task, nature.format, str(self._longest_minutes))
        most_bytes = os.fstat(source.fileno()).st_size * 5 // 4 + MORE_BYTES
        with await asyncio.to_thread(bare.open, "w+b") as written:
            into = Sink(written, most_bytes)
            return _checked(await self._children.ask(source, *task, into=into), _REPORT)


def _checked(said: bytes, expected: "msgspec.msgpack.Decoder[T]") -> T:
    try:
        return expected.decode(said)
    except msgspec.MsgspecError:
        pass
    try:
        raise Failed(_REFUSAL.decode(said).reason)
    except msgspec.MsgspecError:
        raise Failed("It cannot be opened.") from None


def _on_disk(content: bytes) -> BinaryIO:
    """The bytes as an open file without a name: a child reads where it likes in it."""
    source = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
    source.write(content)
    source.seek(0)
    return source
