"""One viewer: its tracks, what it wishes, what its network takes, and so what it gets of each.

Knows how an estimate becomes layers for all tracks of one connection.  It refuses to know how
packets find it (`router`) and transports; the clock is an argument.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from sfu.allocation import Allocation, Demand, Grant, Kind, Reason, allocate
from sfu.bandwidth import SendSide
from sfu.consumer import Consumer
from sfu.layers import EVERYTHING, Layer, LayerOption, within_wish
from sfu.producer import Producer
from sfu.rtcp import Nack
from sfu.stream import ChosenStream

Outlet = TypeVar("Outlet")

# Before anything is known of a network, each video is sent in its smallest form: the first
# feedback takes a round trip, and a probe two more.
GRACE_S = 3.0
# A last picture is given up for want of bandwidth only if the want lasts.
PAUSE_AFTER_S = 2.0
# Rates of layers are measured over half a second, so more often would tell nothing new.
ALLOCATION_INTERVAL_S = 0.2
# Feedback comes every 50 ms or so; a queue that grows should not wait for more.
_HURRY_INTERVAL_S = 0.04
# Whoever negotiated feedback gives the first within a round trip; less than `GRACE_S`, or nothing
# would be sent meanwhile.
_SILENT_AFTER_S = 2.0
_WITHOUT_LIMIT_BPS = 1 << 40
# Of the estimate, for what is sent again, however full the line is; and how far it is saved up.
_REPEATED_SHARE = 0.25
_REPEATED_AHEAD_S = 0.2
_PACKET_BYTES = 1200


class TrackWish(msgspec.Struct, frozen=True):
    """What a viewer has use for of one track."""

    max_height: int | None = None
    """The height at which it is shown, in pixels of the screen."""
    priority: int = 0
    pinned: bool = False
    paused: bool = False


class ViewerWishes(msgspec.Struct, frozen=True):
    """What a viewer has use for; a track that is not named is wanted whole."""

    tracks: Mapping[str, TrackWish] = {}
    """By MID of the viewer's connection."""
    last_speakers: int | None = None
    """At most so many videos at once: of those who spoke last, beside the pinned ones."""


class Aim(msgspec.Struct, frozen=True):
    """A change: what a track shall get from now on; None for nothing."""

    consumer: Consumer
    layer: Layer | None


NO_WISH = TrackWish()
NO_WISHES = ViewerWishes()


class SubscriberStatistics(msgspec.Struct, frozen=True):
    """What is known of a viewer's network, and what is spent of it."""

    estimate_bps: int | None
    loss_fraction: float
    round_trip_s: float | None
    spent_bps: int
    wanted_bps: int


class TrackChange(msgspec.Struct, frozen=True):
    """Why a viewer gets what it gets of a track; `height` is of the picture that it gets."""

    session: str
    mid: str
    reason: str
    height: int


class Stage(msgspec.Struct, frozen=True):
    """Who is heard, as the allocation needs it: publishing sessions, the latest speaker first."""

    speaker: str | None = None
    ranking: Sequence[str] = ()


class Subscriber(Generic[Outlet]):
    """One viewer's connection."""

    def __init__(self, session: str, outlet: Outlet) -> None:
        self.session = session
        self.outlet = outlet
        self.send_side: SendSide | None = None
        """Where the viewer tells of each packet."""
        self.used: set[int] = set()
        """Sources under which it heard or will hear something."""
        self.consumers: dict[int, Consumer] = {}
        self.drops: Counter[str] = Counter()
        self.wishes = NO_WISHES
        self.told_bps: int | None = None
        """What the viewer itself says that it can take (REMB)."""
        self.name = session.encode()
        self._opened_s: float | None = None
        self._allocation = Allocation((), 0, 0)
        self._allocated_s = 0.0
        self._asked: dict[str, Demand] = {}
        """What it could get when it was last decided what it gets, by MID."""
        self._tracks: dict[str, _TrackState] = {}
        self._repeats = _Repeats()

    @property
    def is_open(self) -> bool:
        return self._opened_s is not None

    def open(self, now: float) -> None:
        self._opened_s = now
        for consumer in self.consumers.values():
            consumer.open()

    def add(self, consumer: Consumer) -> None:
        self.consumers[consumer.ssrc] = consumer
        if self.is_open:
            consumer.open()

    def remove(self, mid: str) -> list[Consumer]:
        """The track under a MID goes; what it was."""
        gone = [one for one in self.consumers.values() if one.subscription.mid == mid]
        for consumer in gone:
            del self.consumers[consumer.ssrc]
        self._tracks.pop(mid, None)
        self._asked.pop(mid, None)
        return gone

    # --- what it gets ---

    def demands(
        self, producers: Mapping[str, Producer], owners: Mapping[str, str], stage: Stage
    ) -> list[Demand]:
        """What it could get; `owners` names the publishing session of a producer."""
        unseen = self._beyond_last_speakers(owners, stage)
        return [
            self._demand(
                consumer,
                producers.get(consumer.subscription.producer),
                wanted=consumer.subscription.mid not in unseen,
                speaking=owners.get(consumer.subscription.producer) == stage.speaker,
            )
            for consumer in self.consumers.values()
        ]

    def is_due(self, now: float) -> bool:
        """Whether to allocate anew: now and then, and at once if there is less than is spent."""
        age_s = now - self._allocated_s
        if age_s >= ALLOCATION_INTERVAL_S:
            return True
        short = self._budget_bps(now) < self._allocation.spent_bps
        return short and age_s >= _HURRY_INTERVAL_S

    def allocate(self, demands: Sequence[Demand], now: float) -> list[Aim]:
        """What to change of the tracks."""
        self._allocated_s = now
        self._allocation = allocate(demands, self._budget_bps(now), self._current())
        by_track = {grant.track: grant for grant in self._allocation.grants}
        asked = self._asked = {demand.track: demand for demand in demands}
        aims = []
        for consumer in self.consumers.values():
            mid = consumer.subscription.mid
            layer = self._patient(asked[mid], by_track[mid], now)
            target = _target(asked[mid].options, layer)
            if by_track[mid].reason is not Reason.NO_SOURCE and _is_news(consumer, target):
                aims.append(Aim(consumer, target))
            self._state(mid).take(asked[mid].options, layer)
            consumer.reason = self._reason(consumer, by_track[mid].reason, layer)
            consumer.measure(now)
        return aims

    def useful(self) -> list[tuple[str, set[int]]]:
        """Encodings by producer that it has use for, whatever its network takes."""
        found = []
        for consumer in self.consumers.values() if self.is_open else ():
            demand = self._asked.get(consumer.subscription.mid)
            if demand is not None and demand.wanted:
                options = within_wish(demand.options, demand.max_height)
                indexes = {option.layer.encoding for option in options}
                found.append((consumer.subscription.producer, indexes))
        return found

    def answer_nack(self, request: Nack, now: float) -> list[bytes]:
        """The packets that are sent again, as far as the line has room beside the media.

        What a narrow line dropped must not come once more in front of what is left of the call.
        """
        consumer = self.consumers.get(request.media_ssrc)
        if consumer is None:
            return []
        if self.send_side is None:
            return consumer.answer_nack(request.lost, now)
        spare_bps = self._budget_bps(now) - self._allocation.spent_bps
        room_bps = max(spare_bps, _REPEATED_SHARE * self._budget_bps(now))
        count = self._repeats.packets(room_bps, now)
        answers = consumer.answer_nack(request.lost, now, count)
        self._repeats.spend(sum(map(len, answers)))
        return answers

    def probe(self, now: float) -> list[bytes]:
        """Padding to send now, to find out whether the network takes more."""
        side = self.send_side
        if side is None or not self.is_open:
            return []
        carrier = next((one for one in self.consumers.values() if one.can_pad), None)
        if carrier is None:
            return []
        due_bytes = side.probe_bytes(now, self._allocation.wanted_bps)
        return carrier.padding(due_bytes) if due_bytes else []

    @property
    def is_probing(self) -> bool:
        return self.send_side is not None and self.send_side.prober.is_waiting

    def changes(self) -> list[TrackChange]:
        """What the viewer has to be told since the last call."""
        news = []
        for consumer in self.consumers.values():
            state = self._state(consumer.subscription.mid)
            told = consumer.reason, state.height
            if self.is_open and state.told != told:
                state.told = told
                news.append(TrackChange(self.session, consumer.subscription.mid, *told))
        return news

    def statistics(self) -> SubscriberStatistics:
        side = self.send_side
        return SubscriberStatistics(
            estimate_bps=self.told_bps if side is None else side.estimate_bps,
            loss_fraction=0.0 if side is None else side.loss_fraction,
            round_trip_s=None if side is None or not side.is_informed else side.round_trip_s,
            spent_bps=self._allocation.spent_bps,
            wanted_bps=self._allocation.wanted_bps,
        )

    def _demand(
        self, consumer: Consumer, producer: Producer | None, *, wanted: bool, speaking: bool
    ) -> Demand:
        mid = consumer.subscription.mid
        wish = self.wishes.tracks.get(mid, NO_WISH)
        silenced = producer is not None and producer.silenced
        self._state(mid).silenced = silenced
        return Demand(
            mid,
            Kind.VIDEO if consumer.is_video else Kind.AUDIO,
            () if producer is None or silenced else producer.options,
            wish.max_height,
            wish.pinned,
            speaking,
            wish.priority,
            wanted and not wish.paused,
        )

    def _beyond_last_speakers(self, owners: Mapping[str, str], stage: Stage) -> set[str]:
        """Videos that are not shown because enough others are."""
        limit = self.wishes.last_speakers
        if limit is None:
            return set()
        rank = {session: place for place, session in enumerate(stage.ranking)}
        videos = [
            (rank.get(owners.get(consumer.subscription.producer, ""), len(rank)), place, mid)
            for place, consumer in enumerate(self.consumers.values())
            if consumer.is_video
            and not self.wishes.tracks.get(mid := consumer.subscription.mid, NO_WISH).pinned
        ]
        return {mid for _, _, mid in sorted(videos)[limit:]}

    def _budget_bps(self, now: float) -> int:
        side = self.send_side
        if side is None:
            return _WITHOUT_LIMIT_BPS if self.told_bps is None else self.told_bps
        if not side.is_informed and self._age_s(now) > _SILENT_AFTER_S:
            # It said that it would tell, and does not.
            return _WITHOUT_LIMIT_BPS
        return side.estimate_bps

    def _current(self) -> dict[str, Layer]:
        """What is sent now, by MID."""
        for consumer in self.consumers.values():
            state = self._state(consumer.subscription.mid)
            if consumer.layer is None:
                state.sent = None
            elif consumer.key_frame_wanted is None:
                state.sent = state.granted
        return {mid: state.sent for mid, state in self._tracks.items() if state.sent}

    def _patient(self, demand: Demand, grant: Grant, now: float) -> Layer | None:
        """The granted layer; the smallest one where it is too early to give a picture up."""
        state = self._state(demand.track)
        if grant.reason is not Reason.NO_BANDWIDTH:
            state.unpaid_since_s = None
            return grant.layer
        if state.unpaid_since_s is None:
            state.unpaid_since_s = now
        early = self._age_s(now) < GRACE_S
        # One queue that grew, and was gone, is no reason to take a picture away.
        side = self.send_side
        lasting = now - state.unpaid_since_s >= PAUSE_AFTER_S
        congested = side is None or side.is_congested(now)
        shown = state.granted is not None and not (lasting and congested)
        if early or shown:
            return within_wish(demand.options, demand.max_height)[0].layer
        return None

    def _reason(self, consumer: Consumer, reason: Reason, layer: Layer | None) -> Reason:
        if reason is Reason.NO_SOURCE and self._state(consumer.subscription.mid).silenced:
            return Reason.SILENCED
        if layer is None:
            return reason
        if consumer.layer is None and consumer.is_video:
            return Reason.NO_KEY_FRAME
        return Reason.REDUCED if reason is Reason.NO_BANDWIDTH else reason

    def _age_s(self, now: float) -> float:
        return 0.0 if self._opened_s is None else now - self._opened_s

    def _state(self, mid: str) -> "_TrackState":
        state = self._tracks.get(mid)
        if state is None:
            state = self._tracks[mid] = _TrackState()
        return state


class _Repeats:
    """How much may be sent again, out of a rate."""

    __slots__ = ("_bytes", "_since_s")

    def __init__(self) -> None:
        self._bytes = 0.0
        self._since_s: float | None = None

    def packets(self, rate_bps: float, now: float) -> int:
        """How many full packets have room now; one at least, or nothing would ever be mended."""
        limit = max(rate_bps * _REPEATED_AHEAD_S / 8, _PACKET_BYTES)
        since_s = now if self._since_s is None else self._since_s
        earned = limit if self._since_s is None else rate_bps * (now - since_s) / 8
        self._since_s = now
        self._bytes = min(self._bytes + earned, limit)
        return max(0, int(self._bytes // _PACKET_BYTES))

    def spend(self, size: int) -> None:
        self._bytes -= size


class _TrackState:
    """What a viewer gets of one track, and was told of it."""

    __slots__ = ("granted", "height", "sent", "silenced", "told", "unpaid_since_s")

    def __init__(self) -> None:
        self.granted: Layer | None = None
        self.sent: Layer | None = None
        self.height = 0
        self.silenced = False
        self.told: tuple[str, int] | None = None
        self.unpaid_since_s: float | None = None

    def take(self, options: Sequence[LayerOption], layer: Layer | None) -> None:
        self.granted = layer
        self.height = next((one.height for one in options if one.layer == layer), 0)


def _target(options: Sequence[LayerOption], layer: Layer | None) -> Layer | None:
    """The layer to aim at: beyond the highest of an encoding nothing is left out."""
    if layer is None:
        return None
    siblings = [one.layer for one in options if one.layer.encoding == layer.encoding]
    if layer == max(siblings, default=layer):
        return Layer(layer.encoding, EVERYTHING, EVERYTHING)
    return layer


def _is_news(consumer: Consumer, target: Layer | None) -> bool:
    if isinstance(consumer.stream, ChosenStream):
        return consumer.stream.selector.target != target
    return target != Layer(0, EVERYTHING, EVERYTHING)
