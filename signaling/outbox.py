"""What waits to be sent to one client: bounded, in order, closed with a reason.

Knows bytes and how many may wait.  It refuses to know what carries them.
"""

import asyncio
from collections import deque

from signaling import protocol
from signaling.protocol import Told

# A client that is further behind reads the rest from the store when it is back.
LIMIT_BYTES = 1 << 20
# How long a client may take to make room while it catches up.
PATIENCE_S = 10.0


class Outbox:
    """One reader takes, anybody puts."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES, patience_s: float = PATIENCE_S) -> None:
        self._limit_bytes = limit_bytes
        self._patience_s = patience_s
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._roomy = asyncio.Event()
        self._roomy.set()
        self._closed = asyncio.Event()
        self.reason: str | None = None
        """A key of `protocol.CLOSES` once the client shall be closed."""

    @property
    def waiting_bytes(self) -> int:
        return self._bytes

    def put(self, message: Told | bytes) -> None:
        """Let it wait; one too much closes the client as too slow, and drops what waits.

        Bytes are a message that was encoded before, for many.
        """
        if self.reason is not None:
            return
        data = message if isinstance(message, bytes) else protocol.encode(message)
        if self._bytes + len(data) > self._limit_bytes:
            self.close("slow")
            return
        self._waiting.append(data)
        self._bytes += len(data)
        self._note()

    async def put_when_roomy(self, message: Told | bytes) -> None:
        """As `put`, but waits while half of the room is taken: for what can be read again."""
        if not self._roomy.is_set():
            try:
                async with asyncio.timeout(self._patience_s):
                    await self._roomy.wait()
            except TimeoutError:
                self.close("slow")
                return
        self.put(message)

    def close(self, reason: str) -> None:
        """Close the client when what waits is sent; the first reason counts."""
        if self.reason is not None:
            return
        self.reason = reason
        self._closed.set()
        if reason == "slow":
            self._waiting.clear()
            self._bytes = 0
        self._note()

    async def take(self) -> bytes | None:
        """The next to be sent; None when the client shall be closed."""
        while not self._waiting:
            if self.reason is not None:
                return None
            self._filled.clear()
            await self._filled.wait()
        data = self._waiting.popleft()
        self._bytes -= len(data)
        self._note()
        return data

    async def wait_closed(self) -> None:
        """Return when the client shall be closed."""
        await self._closed.wait()

    def _note(self) -> None:
        self._filled.set()
        if self._bytes * 2 <= self._limit_bytes or self.reason is not None:
            self._roomy.set()
        else:
            self._roomy.clear()
