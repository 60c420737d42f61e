"""Who is connected to this process, and where: told all at once, or sent away.

Knows clients by what they can be told.  It refuses to know sockets, and what messages mean.
"""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Protocol

from signaling.chores import over_and_over
from signaling.protocol import Bye, MediaState, Present, Told

# A session that was ended is closed here within this and what one look takes (HOSTILE A5).
LOOK_EVERY_S = 1.0
# Clients told to come back do so within this.
BACK_AFTER_S = 5.0

Living = Callable[[tuple[str, ...]], Awaitable[set[str]]]


class Client(Protocol):
    """One connection, as far as anybody else needs it."""

    @property
    def identity(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def session_id(self) -> str | None: ...

    @property
    def room(self) -> str | None: ...

    @property
    def stay_id(self) -> str | None: ...

    @property
    def hidden(self) -> bool: ...

    @property
    def moderates(self) -> bool: ...

    @property
    def observes_risk(self) -> bool: ...

    @property
    def watches_risk(self) -> bool: ...

    def stop_watching_risk(self) -> None: ...

    @property
    def state(self) -> MediaState: ...

    def tell(self, message: Told) -> None: ...

    def close(self, reason: str) -> None: ...


class Attendance:
    """The register."""

    def __init__(self) -> None:
        self._clients: set[Client] = set()
        # Whoever enters asks who of their own devices is there: not by looking at everybody.
        self._by_identity: dict[str, set[Client]] = {}

    def __len__(self) -> int:
        return len(self._clients)

    def add(self, client: Client) -> None:
        """From when it is known who it is."""
        self._clients.add(client)
        self._by_identity.setdefault(client.identity, set()).add(client)

    def remove(self, client: Client) -> None:
        if client not in self._clients:
            return
        self._clients.discard(client)
        own = self._by_identity[client.identity]
        own.discard(client)
        if not own:
            del self._by_identity[client.identity]

    def everybody(self) -> list[Client]:
        """Every client, wherever it is."""
        return list(self._clients)

    def in_room(self, room: str, identity: str | None = None) -> list[Client]:
        """Clients that are in a room, of one person or of all."""
        return [one for one in self._of(identity) if one.room == room]

    def _of(self, identity: str | None) -> set[Client]:
        return self._clients if identity is None else self._by_identity.get(identity, set())

    def present(self, room: str) -> tuple[Present, ...]:
        """Each person of a room once, however many devices they have there."""
        people: dict[str, list[Client]] = {}
        for one in self.in_room(room):
            if not one.hidden:
                people.setdefault(one.identity, []).append(one)
        return tuple(_shown(people[identity]) for identity in sorted(people))

    def is_shown(self, room: str, identity: str) -> bool:
        """True if the others see any client of theirs in the room."""
        return any(not one.hidden for one in self.in_room(room, identity))

    def is_here(self, identity: str) -> bool:
        """True if any client of theirs is connected."""
        return identity in self._by_identity

    def identities(self) -> set[str]:
        """Everybody who is connected."""
        return set(self._by_identity)

    def tell(self, message: Told, to: str | None = None) -> int:
        """Tell all, or one person's clients; how many heard it."""
        reached = list(self._of(to))
        for one in reached:
            one.tell(message)
        return len(reached)

    def tell_room(self, room: str, message: Told) -> None:
        """Tell everybody who is in a room."""
        for one in self.in_room(room):
            one.tell(message)

    def outside(self, room: str) -> set[str]:
        """People with a client that is not in the room."""
        return {one.identity for one in self._clients if one.room != room}

    def tell_person(self, message: Told, user_id: str, *, outside: str | None = None) -> None:
        """Tell a person's devices, but those in a room; no holder of a room token of theirs."""
        for one in list(self._of(user_id)):
            if one.session_id is not None and (outside is None or one.room != outside):
                one.tell(message)

    def say_bye(self) -> None:
        """This process ends; everybody is told when to come back."""
        for one in list(self._clients):
            one.tell(Bye(seconds=BACK_AFTER_S, reason="draining"))
            one.close("going_away")

    async def watch(self, living: Living) -> None:
        """Close clients whose session was ended, wherever that happened; until cancelled."""
        await over_and_over(LOOK_EVERY_S, partial(self.look, living), "attendance.look_failed")

    async def look(self, living: Living) -> None:
        asked = tuple(set(self._session_ids()))
        if not asked:
            return
        good = await living(asked)
        for one in list(self._clients):
            if one.session_id in asked and one.session_id not in good:
                one.close("unauthenticated")

    def _session_ids(self) -> Iterator[str]:
        return (one.session_id for one in self._clients if one.session_id is not None)


def _shown(devices: list[Client]) -> Present:
    return Present(
        identity=devices[0].identity,
        name=devices[0].name,
        devices=len(devices),
        microphone=any(one.state.microphone for one in devices),
        camera=any(one.state.camera for one in devices),
        screen=any(one.state.screen for one in devices),
        hand=any(one.state.hand for one in devices),
    )
