"""Clients whose socket was cut: what they send and watch goes on for a while, until they are back.

Each client gets a secret in its `welcome`; whoever brings it on another socket takes over where the
first one was, whether the server has noticed the cut by then or not.  Knows sessions by their
secrets, and how long they are waited for.  It refuses to know sockets.
"""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Protocol

import structlog

from signaling.protocol import MediaState
from signaling.stay import Stay

log = structlog.get_logger()

# A tunnel, a change of network, a lid that is closed for a moment.  A browser gives a connection up
# after 30 s without an answer (RFC 7675), so that later nothing is left to come back to.
GRACE_S = 20.0


@dataclass(frozen=True, slots=True)
class Left:
    """Where somebody was, and what they sent."""

    stay: Stay
    state: MediaState


class Client(Protocol):
    """As far as it matters here."""

    @property
    def identity(self) -> str: ...

    @property
    def room(self) -> str | None: ...

    async def hand_over(self) -> Left | None: ...

    async def end(self) -> None: ...


class Returning:
    """The register."""

    def __init__(self, grace_s: float = GRACE_S) -> None:
        self._grace_s = grace_s
        self._clients: dict[str, Client] = {}
        self._waiting: dict[Client, asyncio.Task[None]] = {}

    def add(self, client: Client) -> str:
        """The secret by which the client can be taken over from now on."""
        secret = secrets.token_urlsafe(18)
        self._clients[secret] = client
        return secret

    def forget(self, secret: str) -> None:
        """The client has gone for good."""
        self._clients.pop(secret, None)

    def wait_for(self, client: Client) -> None:
        """The client's socket was cut: end it after a while."""
        self._waiting[client] = asyncio.create_task(self._end_late(client))

    async def claim(self, secret: str, identity: str) -> Left | None:
        """Where the client with this secret was, who is somewhere else from now on."""
        client = self._clients.get(secret)
        if client is None or client.identity != identity:
            return None
        del self._clients[secret]
        self._stop_waiting(client)
        return await client.hand_over()

    async def end(self, client: Client) -> None:
        """Do not wait for the client any longer."""
        self._stop_waiting(client)
        await client.end()

    async def end_in(self, room: str, identity: str) -> None:
        """Nor for any of a person's clients in a room, where the person is again."""
        for client in list(self._waiting):
            if (client.room, client.identity) == (room, identity):
                await self.end(client)

    async def close(self) -> None:
        """Nor for anybody."""
        for client in list(self._waiting):
            await self.end(client)

    async def _end_late(self, client: Client) -> None:
        await asyncio.sleep(self._grace_s)
        del self._waiting[client]
        try:
            await client.end()
        except Exception:
            log.exception("returning.end_failed")

    def _stop_waiting(self, client: Client) -> None:
        task = self._waiting.pop(client, None)
        if task is not None:
            task.cancel()
