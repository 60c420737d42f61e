"""Chat: what people say to each other in rooms, kept before it is told.

`open_chat` puts the services together; each module is named after what it does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from signaling.attendance import Attendance
from signaling.chat.attachments import Attached, Attachments, Held, NoAttachments, Wish
from signaling.chat.bell import Bell
from signaling.chat.changing import Changing
from signaling.chat.drafts import Draft
from signaling.chat.export import Export
from signaling.chat.history import History
from signaling.chat.keeping import Keeping
from signaling.chat.order import Order
from signaling.chat.posting import Numbers, Posting
from signaling.chat.reading import Reading
from signaling.chat.search import Search
from signaling.store import Store
from signaling.streams import Streams

__all__ = ["Attached", "Attachments", "Chat", "Draft", "Held", "NoAttachments", "Wish", "open_chat"]


@dataclass(frozen=True, slots=True)
class Chat:
    """Every service of chat."""

    posting: Posting
    changing: Changing
    history: History
    reading: Reading
    search: Search
    order: Order
    export: Export
    keeping: Keeping
    bell: Bell


def open_chat(
    store: Store,
    streams: Streams,
    attendance: Attendance,
    attachments: Attachments,
    now: Callable[[], datetime],
    *,
    reports_kept: timedelta,
) -> Chat:
    """Chat over a store; `bell.ring` has to run."""
    bell, numbers = Bell(store, attendance), Numbers()
    streams.listen(bell.hear)
    return Chat(
        posting=Posting(streams, attachments, numbers),
        changing=Changing(streams, numbers),
        history=History(store),
        reading=Reading(store, attendance, now),
        search=Search(store),
        order=Order(store, streams, now),
        export=Export(store, attachments, now),
        keeping=Keeping(store, now, reports_kept),
        bell=bell,
    )
