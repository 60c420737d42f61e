"""A connection of a chat's client that costs little: it says something and waits for some text.

Nothing that comes is understood; it is only looked through for the text that is waited for.
"""

import asyncio
import socket

WITHIN_S = 60.0


class Line(asyncio.Protocol):
    """One connection; `ask` one thing at a time."""

    def __init__(self) -> None:
        self._heard = b""
        self._wanted = b""
        self._found: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._found is None:
            return
        self._heard += data
        if self._wanted in self._heard:
            self._found.set_result(None)
            self._found = None
        self._heard = self._heard[-len(self._wanted) :]

    def connection_lost(self, exc: Exception | None) -> None:
        if self._found is not None:
            self._found.set_exception(ConnectionError("the server hung up"))

    async def ask(self, said: str | bytes, wanted: str) -> None:
        """Say it, and wait until the text came."""
        self._heard, self._wanted = b"", wanted.encode()
        self._found = found = asyncio.get_running_loop().create_future()
        self._transport.write(said.encode() if isinstance(said, str) else said)
        await asyncio.wait_for(found, WITHIN_S)

    def close(self) -> None:
        self._transport.close()


async def open_line(port: int) -> Line:
    _, line = await asyncio.get_running_loop().create_connection(Line, "127.0.0.1", port)
    return line


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
