"""The bytes of events."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from signaling import protocol, telling
from signaling.store.events import Event


def test_an_event_is_encoded_once_for_all_who_hear_it() -> None:
    news = Event("tea", 1, "test", "ada", datetime(2030, 1, 2, tzinfo=UTC), {"n": 1})
    again = replace(news, body={"n": 2})
    told = protocol.parse_told(telling.bytes_of(news))
    assert telling.bytes_of(news) is telling.bytes_of(news)
    assert isinstance(told, protocol.Event)
    assert (told.room, told.sequence, told.body) == ("tea", 1, {"n": 1})
    # The same number, another content: nothing is told from memory.
    assert protocol.parse_told(telling.bytes_of(again)) == msgspec.structs.replace(
        told, body={"n": 2}
    )
