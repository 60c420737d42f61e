"""How an event of the store is told; its bytes are made once for all who hear of it.

It refuses to know who follows.
"""

from collections import OrderedDict
from typing import TypeVar

from signaling import protocol
from signaling.protocol import encode
from signaling.store import events

# Those who follow a room hear of an event within the same moment; so many are kept for them.
KEPT = 256

As = TypeVar("As", bound=protocol.Happened)


class Telling:
    """`bytes_of` an event.

    Kept by the value itself, not by its number: another room or another store has the same
    numbers, and what was read again may be told otherwise.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[events.Event, bytes]] = OrderedDict()

    def bytes_of(self, event: events.Event) -> bytes:
        kept = self._kept.get(id(event))
        if kept is None:
            # The event is kept with its bytes, so nothing else gets its identity meanwhile.
            kept = self._kept[id(event)] = event, encode(told(event, protocol.Event))
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return kept[1]


def told(event: events.Event, shape: type[As]) -> As:
    """The event as a message: to those who follow its room, or to somebody it names."""
    return shape(
        room=event.room_id,
        sequence=event.sequence,
        kind=event.kind,
        actor=event.actor,
        at=event.at,
        body=dict(event.body),
    )


bytes_of = Telling().bytes_of
