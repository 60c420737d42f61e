"""`Media` as a session sees it, with nothing behind it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sfu import Offer, OfferedSource, SfuEvent, ViewerWishes
from signaling.media import Opened, Participant


class MediaStandIn:
    """Notes what it is asked; `happens` is what a media process would tell."""

    def __init__(self) -> None:
        self.closed: list[str] = []
        self.renewed = 0
        self._listeners: list[Callable[[SfuEvent], None]] = []
        self._count = 0

    def happens(self, event: SfuEvent) -> None:
        for listener in list(self._listeners):
            listener(event)

    @contextmanager
    def heard_by(self, _: str, listener: Callable[[SfuEvent], None]) -> Iterator[None]:
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    async def publish(self, _: Participant, offer: str, sources: Mapping[str, str]) -> Opened:
        assert sources
        return Opened(self._next(), offer, "ice")

    async def view(self, *_: Any) -> Offer:
        return Offer(self._next(), "v=0", ())

    async def renew(self, _: Participant, media: str) -> Offer:
        self.renewed += 1
        source = OfferedSource("0", "s2", "bob", "0", "video", "VP8")
        return Offer(media, "v=0", (source,))

    async def accept(self, *_: Any) -> tuple[str, ...]:
        return ()

    async def set_wishes(self, _: Participant, media: str, wishes: ViewerWishes) -> None:
        """Nobody to tell."""

    async def close(self, _: Participant, media: str) -> None:
        self.closed.append(media)

    def source_name(self, session: str, mid: str, kind: str) -> str:
        return "camera"

    def _next(self) -> str:
        self._count += 1
        return f"m{self._count}"
