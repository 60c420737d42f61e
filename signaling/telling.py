"""An event's bytes, made once for all who hear of it.

Knows how an event of the store is told.  It refuses to know who follows.
"""

from collections import OrderedDict

from signaling.protocol import Event as Told
from signaling.protocol import encode
from signaling.store import events

# Those who follow a room hear of an event within the same moment; so many are kept for them.
KEPT = 256


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
            kept = self._kept[id(event)] = event, encode(_told(event))
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return kept[1]


def _told(event: events.Event) -> Told:
    return Told(
        room=event.room_id,
        sequence=event.sequence,
        kind=event.kind,
        actor=event.actor,
        at=event.at,
        body=dict(event.body),
    )


bytes_of = Telling().bytes_of
