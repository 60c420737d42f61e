"""One client's stay in a room: it follows the room's events, and hears of its own media.

Knows one room, what may be done there, and the connections that this client sends and watches by.
It refuses to know requests (`session` asks) and sockets.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial

import structlog

import sfu
from signaling import telling
from signaling.auth.grants import Grants
from signaling.errors import Refused, Unavailable
from signaling.identifiers import new_name
from signaling.media import Media, Opened, Participant
from signaling.outbox import Outbox
from signaling.protocol import (
    EncodingsWanted,
    MediaLost,
    Offer,
    Quality,
    Section,
    SpeakerNews,
    TrackNews,
)
from signaling.streams import Streams

log = structlog.get_logger()

# Connections of one client in one room: page and screen send, and few places watch.
MOST_CONNECTIONS = 8
# After a refusal (the media process is starting), another try.
RENEW_AGAIN_S = 1.0
# Events after which the person whom they name may do something else, or nothing, in the room.
MOVES = {"member.left", "member.role"}


@dataclass(slots=True)
class View:
    """A connection that watches: one offer at a time, and another if there is news meanwhile."""

    media: str
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    stale: asyncio.Event = field(default_factory=asyncio.Event)


class Stay:
    """From the first `follow` to `end`."""

    def __init__(
        self,
        streams: Streams,
        media: Media,
        outbox: Outbox,
        *,
        who: Participant,
        grants: Grants,
        reading: bool,
        moved: Callable[[str], None],
    ) -> None:
        self.who = who
        self.id = new_name()
        """The same on every socket by which this client goes on."""
        self.grants = grants
        self.reading = reading
        """Here for what is written only."""
        self._streams = streams
        self._media = media
        self._outbox = outbox
        self._moved = moved
        """Called with the kind of an event that changes where this person stands."""
        self._sending: set[str] = set()
        self._views: dict[str, View] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._held = ExitStack()
        self._hears = False
        # What counts of the news about media, for a client that comes back.
        self._latest: dict[
            tuple[str, ...], SpeakerNews | TrackNews | EncodingsWanted | Quality
        ] = {}

    @property
    def media(self) -> tuple[str, ...]:
        """The connections by which this client sends and watches."""
        return (*self._sending, *self._views)

    @property
    def shown(self) -> bool:
        """Whether the others see that this client is here."""
        return not (self.grants.hidden or self.reading)

    def follow(self, after: int) -> None:
        """Tell what happened behind a sequence, and whatever happens from now on."""
        if not self._hears:
            self._held.enter_context(self._media.heard_by(self.who.room, self.hear))
            self._hears = True
        self._stop_following()
        self._start("events", partial(self._follow, after))

    def take_over(self, outbox: Outbox, moved: Callable[[str], None]) -> None:
        """The client goes on by another socket; events wait until it says how far it had come."""
        self._outbox, self._moved = outbox, moved
        self._stop_following()

    async def keep(self, wanted: Collection[str]) -> None:
        """Go on with these connections, tell how they are, and end the others."""
        for media in self.media:
            if media not in wanted:
                await self.stop(media)
        for news in self._latest.values():
            self._outbox.put(news)
        for view in self._views.values():
            if not view.answered.is_set():
                # The last offer was lost, or its answer.
                view.stale.set()
                view.answered.set()

    async def end(self) -> None:
        """Stop telling, and end every connection."""
        self._held.close()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for media in self.media:
            with suppress(Refused, Unavailable):
                await self._media.close(self.who, media)
        self._sending.clear()
        self._views.clear()

    async def publish(self, offer: str, sources: Mapping[str, str]) -> Opened:
        """Take what this client sends; Refused("forbidden") for a source without right."""
        without = set(sources.values()) - set(self.grants.publish)
        if without:
            raise Refused("forbidden", f"No right to publish: {', '.join(sorted(without))}.")
        self._refuse_more_media()
        opened = await self._media.publish(self.who, offer, sources)
        self._sending.add(opened.session_id)
        return opened

    async def watch(self, publisher: str | None) -> None:
        """Offer what others send, now and as they come and go."""
        if not self.grants.subscribe:
            raise Refused("forbidden", "No right to watch in this room.")
        self._refuse_more_media()
        offer = await self._media.view(self.who, publisher)
        view = View(offer.session)
        self._views[view.media] = view
        self._offer(offer)
        self._start(view.media, partial(self._keep_offering, view))

    async def answer(self, media: str, sdp: str) -> tuple[str, ...]:
        view = self._view(media)
        notes = await self._media.accept(self.who, media, sdp)
        view.answered.set()
        return notes

    async def set_wishes(self, media: str, wishes: sfu.ViewerWishes) -> None:
        self._view(media)
        await self._media.set_wishes(self.who, media, wishes)

    async def stop(self, media: str) -> None:
        """End one connection of this client's; Refused("not_found") for any other."""
        if media not in self._sending and media not in self._views:
            raise Refused("not_found")
        self._forget(media)
        with suppress(Refused):
            await self._media.close(self.who, media)

    def hear(self, event: sfu.SfuEvent) -> None:
        """What happened to the room's media; called in the middle of whatever made it happen."""
        match event:
            case sfu.PublisherCame() | sfu.PublisherLeft():
                for view in self._views.values():
                    view.stale.set()
            case sfu.SpeakerChanged():
                self._note(("speaker",), SpeakerNews(identity=event.identity))
            case sfu.TrackChanged(session=media) if media in self._views:
                news = TrackNews(
                    media=media, mid=event.mid, reason=event.reason, height=event.height
                )
                self._note((media, "track", event.mid), news)
            case sfu.EncodingsWanted(session=media) if media in self._sending:
                wanted = EncodingsWanted(media=media, mid=event.mid, rids=event.rids)
                self._note((media, "encodings", event.mid), wanted)
            case sfu.SessionLost(session=media) if self._is_ours(media):
                self._forget(media)
                self._outbox.put(MediaLost(media=media))
            case sfu.SessionChanged(session=media, state=state) if self._is_ours(media):
                self._note((media,), Quality(media=media, state=state))
                if state in {"failed", "closed"}:
                    self._forget(media)
            case _:
                pass

    def _note(
        self, about: tuple[str, ...], news: SpeakerNews | TrackNews | EncodingsWanted | Quality
    ) -> None:
        self._latest[about] = news
        self._outbox.put(news)

    async def _follow(self, after: int) -> None:
        async with self._streams.following(self.who.room, after) as follower:
            while True:
                event = await follower.next()
                await self._outbox.put_when_roomy(telling.bytes_of(event))
                if event.kind in MOVES and event.body.get("user") == self.who.identity:
                    self._moved(event.kind)

    async def _keep_offering(self, view: View) -> None:
        """Each offer waits until the last was answered: whoever comes meanwhile is in the next."""
        while True:
            await view.stale.wait()
            await view.answered.wait()
            view.stale.clear()
            view.answered.clear()
            try:
                self._offer(await self._media.renew(self.who, view.media))
            except Refused as error:
                log.debug("view.not_renewed", code=error.code)
                return
            except Unavailable as error:
                log.warning("view.not_renewed", reason=error.reason)
                view.stale.set()
                view.answered.set()
                await asyncio.sleep(RENEW_AGAIN_S)

    def _offer(self, offer: sfu.Offer) -> None:
        sections = tuple(
            Section(
                mid=one.mid,
                identity=one.identity,
                source=self._media.source_name(one.session, one.source, one.kind),
                kind=one.kind,
                codec=one.codec,
            )
            for one in offer.sources
        )
        self._outbox.put(Offer(media=offer.session, sdp=offer.sdp, sections=sections))

    def _start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        async def guarded() -> None:
            try:
                await work()
            except Exception:
                log.exception("stay.failed", part=name)
                self._outbox.close("internal")

        self._tasks[name] = asyncio.create_task(guarded())

    def _stop_following(self) -> None:
        task = self._tasks.pop("events", None)
        if task is not None:
            task.cancel()

    def _forget(self, media: str) -> None:
        self._sending.discard(media)
        self._views.pop(media, None)
        self._latest = {about: news for about, news in self._latest.items() if about[0] != media}
        task = self._tasks.pop(media, None)
        if task is not None:
            task.cancel()

    def _is_ours(self, media: str) -> bool:
        return media in self._sending or media in self._views

    def _view(self, media: str) -> View:
        view = self._views.get(media)
        if view is None:
            raise Refused("not_found")
        return view

    def _refuse_more_media(self) -> None:
        if self.reading:
            raise Refused("forbidden", "This client is here for what is written only.")
        if len(self._sending) + len(self._views) >= MOST_CONNECTIONS:
            raise Refused("media_full", f"At most {MOST_CONNECTIONS} connections of one client.")
