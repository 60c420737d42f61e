"""A socket without manners: exact bytes out, whatever comes back in."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What the other side said until it closed, and how long that took."""

    raw: bytes
    seconds: float

    @property
    def status(self) -> int | None:
        """Of the first answer; None if there was none."""
        first = self.raw.split(b"\r\n", 1)[0].split(b" ")
        return int(first[1]) if first[0].startswith(b"HTTP/1.") else None

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]


@asynccontextmanager
async def connected(
    port: int,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A plain TCP connection to the server."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def say(port: int, *parts: bytes, patience_s: float = PATIENCE_S) -> Heard:
    """Send the parts and listen until the server closes; TimeoutError if it does not."""
    return await drip(port, parts, 0.0, patience_s=patience_s)


async def drip(
    port: int, parts: Iterable[bytes], pause_s: float, *, patience_s: float = PATIENCE_S
) -> Heard:
    """Send the parts with a pause after each, listening all the while, until the server closes."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with connected(port) as (reader, writer):
        sending = asyncio.create_task(_send(writer, parts, pause_s))
        try:
            async with asyncio.timeout(patience_s):
                raw = await _all_of(reader)
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
    return Heard(raw, loop.time() - started)


async def drip_until_answered(port: int, parts: Iterable[bytes], pause_s: float) -> bytes:
    """Send the parts with a pause after each; the head of the answer, however early it comes."""
    async with connected(port) as (reader, writer):
        sending = asyncio.create_task(_send(writer, parts, pause_s))
        try:
            return await reader.readuntil(b"\r\n\r\n")
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending


async def first_answer(port: int, request: bytes, *, patience_s: float = PATIENCE_S) -> Heard:
    """Send a request and read one answer with its body; the connection may stay open."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with connected(port) as (reader, writer), asyncio.timeout(patience_s):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        body = await reader.readexactly(length)
    return Heard(head + body, loop.time() - started)


async def _send(writer: asyncio.StreamWriter, parts: Iterable[bytes], pause_s: float) -> None:
    with suppress(OSError):
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_s)


async def _all_of(reader: asyncio.StreamReader) -> bytes:
    """Until the end; a reset after the answer is an end as well."""
    heard = bytearray()
    with suppress(ConnectionError):
        while chunk := await reader.read(65536):
            heard += chunk
    return bytes(heard)


def request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    """A request's bytes: exactly these headers, and Host."""
    lines = [f"{method} {path} HTTP/1.1", "Host: candor", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body
