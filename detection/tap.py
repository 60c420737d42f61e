"""Where media processes find us: a unix socket that takes frames and gives wishes back.

Knows connections.  It reads as fast as frames come, so that no media process waits for us; what
becomes of a frame is decided by whoever takes it.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from detection.wire import BadMessage, TapMessage, TapWish, framed, tap_reader

READ_BYTES = 256 << 10
MAX_UNSENT_BYTES = 1 << 20


class TapConnection:
    """One media process; track numbers mean something within it only."""

    def __init__(self, number: int, writer: asyncio.StreamWriter) -> None:
        self.number = number
        self._writer = writer

    def send(self, wish: TapWish) -> None:
        """Never waits; a media process that does not read gets no more wishes."""
        transport = self._writer.transport
        if not transport.is_closing() and transport.get_write_buffer_size() < MAX_UNSENT_BYTES:
            self._writer.write(framed(wish))


class TapListener:
    """All media processes of this machine."""

    def __init__(
        self,
        path: str,
        on_message: Callable[[TapConnection, TapMessage], None],
        on_lost: Callable[[TapConnection], None],
    ) -> None:
        self._path = Path(path)
        self._on_message = on_message
        self._on_lost = on_lost
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = 0

    async def open(self) -> None:
        """Take the place of a process that died here."""
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self._path)
        self._path.chmod(0o600)

    async def close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._server.wait_closed()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self._numbers += 1
        connection = TapConnection(self._numbers, writer)
        messages = tap_reader()
        try:
            while data := await reader.read(READ_BYTES):
                for message in messages.receive(data):
                    self._on_message(connection, message)
        except (ConnectionError, BadMessage):
            pass
        except asyncio.CancelledError:
            # Only `close` cancels; the task of a server's connection must not say so.
            return
        finally:
            self._tasks.discard(task)
            self._on_lost(connection)
            writer.close()
