"""What a headless caller says and hears in the chat of a room that it is in."""

import asyncio
from uuid import uuid4

from signaling import protocol
from signaling.client.caller import Caller, Refusal

AGAIN_AFTER_S = 0.2
TRIES = 100


class Talk:
    """Over one caller; messages are heard from when it came in."""

    def __init__(self, caller: Caller, room: str) -> None:
        self._caller = caller
        self._room = room
        self._heard = 0

    async def send_message(self, text: str, client_id: str = "") -> protocol.Posted:
        """Say it once, whatever happens to the socket; it is durable when this returns."""
        own = client_id or uuid4().hex
        for _ in range(TRIES):
            said = protocol.SendMessage(
                id=self._caller.next_id(), client_id=own, room=self._room, text=text
            )
            try:
                posted = await self._caller.ask(said)
            except (ConnectionError, Refusal) as error:
                if isinstance(error, Refusal) and error.code != "unauthenticated":
                    raise
                # The caller connects again by itself, and says who it is.
                await asyncio.sleep(AGAIN_AFTER_S)
            else:
                assert isinstance(posted, protocol.Posted)
                return posted
        raise ConnectionError("the server did not come back")

    async def receive_message(self) -> protocol.Event:
        """The next message of the room, also one's own; waits for it."""
        while True:
            event = await self._caller.event(self._heard)
            self._heard += 1
            if event.kind == "message.posted":
                return event

    async def mark_message_read(self, sequence: int) -> None:
        """Everything up to there was seen."""
        said = protocol.MarkMessageRead(
            id=self._caller.next_id(), room=self._room, sequence=sequence
        )
        await self._caller.ask(said)
