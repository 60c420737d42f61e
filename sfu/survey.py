"""What is looked at now and then in a room: what comes, who speaks and what is of use to anybody.

Knows what to tell of it.  It refuses to know packets and what each viewer gets; the clock is an
argument.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

import msgspec

from sfu.producer import Publisher
from sfu.route import Route
from sfu.rtp import AudioLevel
from sfu.speaker import SpeakerDetector
from sfu.subscriber import Stage, Subscriber

Outlet = TypeVar("Outlet")

SURVEY_INTERVAL_S = 0.2


class SizeSeen(msgspec.Struct, frozen=True):
    """A key frame came with another size than the one before it."""

    session: str
    mid: str
    rid: str
    width: int
    height: int


class SpeakerChange(msgspec.Struct, frozen=True):
    """Another publishing session is heard most; None: nobody who is still here."""

    session: str | None
    identity: str | None


class EncodingsWanted(msgspec.Struct, frozen=True):
    """Which encodings of a track anybody has use for; a publisher may stop the others."""

    session: str
    mid: str
    rids: tuple[str, ...]


SurveyNews = SizeSeen | SpeakerChange | EncodingsWanted


class Survey(Generic[Outlet]):
    """Of one room, whose publishers and routes it is handed."""

    def __init__(
        self,
        publishers: Mapping[str, tuple[Publisher, Outlet]],
        routes: Mapping[str, Route[Outlet]],
    ) -> None:
        self._publishers = publishers
        self._routes = routes
        self._speakers = SpeakerDetector()
        self._speaker: str | None = None
        self._surveyed_s = 0.0

    @property
    def stage(self) -> Stage:
        """Who is heard, as of the last look."""
        return Stage(self._speaker, self._speakers.ranking())

    def hear(self, session: str, level: AudioLevel, now: float) -> None:
        """How loud somebody is."""
        self._speakers.receive(session, level, now)

    def forget(self, session: str) -> None:
        """Somebody has gone."""
        self._speakers.forget(session)

    def poll(
        self, subscribers: Iterable[Subscriber[Outlet]], now: float
    ) -> Iterator[SpeakerChange | EncodingsWanted]:
        """Look, if it is time to; what is new."""
        if now - self._surveyed_s < SURVEY_INTERVAL_S:
            return
        self._surveyed_s = now
        for route in self._routes.values():
            route.producer.poll(now)
            route.survey_tap(now)
        speaker = self._speakers.poll(now)
        if speaker != self._speaker:
            self._speaker = speaker
            known = self._publishers.get(speaker or "")
            yield SpeakerChange(speaker, known[0].identity if known else None)
        yield from self._wanted(subscribers, now)

    def sizes(self) -> Iterator[SizeSeen]:
        """Pictures whose size changed since the last call."""
        for route in self._routes.values():
            for one in route.resized():
                mid = route.producer.track.mid
                yield SizeSeen(route.session, mid, one.rid, one.width, one.height)

    def _wanted(
        self, subscribers: Iterable[Subscriber[Outlet]], now: float
    ) -> Iterator[EncodingsWanted]:
        """Find out which encodings nobody has use for; those may stop."""
        layered = {
            key: route for key, route in self._routes.items() if len(route.producer.encodings) > 1
        }
        if not layered:
            return
        useful: dict[str, set[int]] = {key: set() for key in layered}
        for subscriber in subscribers:
            for key, indexes in subscriber.useful():
                if key in useful:
                    # Of a track that stands still, whatever comes first is of use.
                    useful[key].update(indexes or range(len(layered[key].producer.encodings)))
        for key, route in layered.items():
            useful[key].update(sink.encoding for sink in route.sinks if sink.wanted)
            wanted = route.producer.watch(frozenset(useful[key]), now)
            if wanted is not None:
                track = route.producer.track
                rids = tuple(rid for index, rid in enumerate(track.rids) if index in wanted)
                yield EncodingsWanted(route.session, track.mid, rids)
