"""The media of one room: who publishes what, who watches it, and which packet goes where.

Knows publishers, viewers and the copies that a packet becomes.  It refuses to know transports:
an outlet is whatever the caller hands in for a participant, and comes back beside each copy.
No clock, no randomness and no waiting of its own.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from sfu.consumer import Consumer, ConsumerStatistics, Numbers, Stream, Wish
from sfu.errors import RemoteError
from sfu.negotiation import Subscription, Track
from sfu.producer import REPORT_INTERVAL_S, Producer, ProducerStatistics, Publisher
from sfu.rtcp import (
    FullIntraRequest,
    Nack,
    PictureLoss,
    ReceiverEstimate,
    ReceiverReport,
    RtcpPacket,
    SenderReport,
    parse_rtcp,
)

Outlet = TypeVar("Outlet")

# Sequence numbers begin in the lower half, so that a viewer who misses the first ones is not
# misled by a wrap (RFC 3711, 3.3.1).
_FIRST_SEQUENCE_BITS = 15
_NTP_FRACTION = 1 << 32
_NTP_MASK = 0xFFFF_FFFF_FFFF_FFFF


class SizeSeen(msgspec.Struct, frozen=True):
    """A key frame came with another size than the one before it."""

    session: str
    mid: str
    width: int
    height: int


class RoomStatistics(msgspec.Struct, frozen=True):
    """Per session: what it publishes, what it watches, what was dropped of what it sent."""

    producers: dict[str, tuple[ProducerStatistics, ...]]
    consumers: dict[str, tuple[ConsumerStatistics, ...]]
    drops: dict[str, dict[str, int]]


class _Subscriber(Generic[Outlet]):
    def __init__(self, outlet: Outlet, consumers: Mapping[int, Consumer], name: str) -> None:
        self.outlet = outlet
        self.consumers = consumers
        self.name = name.encode()
        self.drops: Counter[str] = Counter()
        self.open = False


class _Route(Generic[Outlet]):
    """A producer, what goes out of it, and to whom."""

    def __init__(self, session: str, producer: Producer) -> None:
        self.session = session
        self.producer = producer
        self.size = (0, 0)
        self.groups: list[tuple[Stream, list[tuple[Consumer, Outlet]]]] = []

    def stream_for(self, subscription: Subscription) -> Stream | None:
        """One that goes out already and suits the subscription."""
        wanted = subscription.format.payload_type, subscription.identifiers
        for stream, _ in self.groups:
            if (stream.payload_type, stream.identifiers) == wanted:
                return stream
        return None

    def add(self, consumer: Consumer, outlet: Outlet) -> None:
        for stream, members in self.groups:
            if stream is consumer.stream:
                members.append((consumer, outlet))
                return
        self.groups.append((consumer.stream, [(consumer, outlet)]))

    def remove(self, consumer: Consumer) -> None:
        for _, members in self.groups:
            members[:] = [member for member in members if member[0] is not consumer]
        self.groups = [group for group in self.groups if group[1]]

    def sources(self) -> list[tuple[Outlet, int]]:
        """Every source that viewers hear of this producer."""
        return [
            (outlet, ssrc)
            for _, members in self.groups
            for consumer, outlet in members
            for ssrc in (consumer.ssrc, consumer.retransmission_ssrc)
            if ssrc is not None
        ]


class Router(Generic[Outlet]):
    """One room.  `random_bits(n)` gives unpredictable numbers; `now` plus the offset is NTP's."""

    def __init__(self, random_bits: Callable[[int], int], ntp_offset_s: float) -> None:
        self._random_bits = random_bits
        self._ntp_offset_s = ntp_offset_s
        self._publishers: dict[str, tuple[Publisher, Outlet]] = {}
        self._subscribers: dict[str, _Subscriber[Outlet]] = {}
        self._routes: dict[str, _Route[Outlet]] = {}
        self._reported_s = 0.0

    @property
    def empty(self) -> bool:
        return not (self._publishers or self._subscribers)

    # --- who is here ---

    def publish(self, session: str, identity: str, tracks: Sequence[Track], outlet: Outlet) -> None:
        """A publisher comes; its packets are taken from now on."""
        producers = [Producer(f"{session}/{track.mid}", track) for track in tracks]
        publisher = Publisher(identity, producers, self._new_ssrc())
        self._publishers[session] = publisher, outlet
        for producer in producers:
            self._routes[producer.key] = _Route(session, producer)

    def published(self, identity: str | None = None) -> dict[str, Track]:
        """Tracks that can be watched, by the name under which to subscribe; newest first."""
        return {
            producer.key: producer.track
            for publisher, _ in reversed(self._publishers.values())
            if identity in {None, publisher.identity}
            for producer in publisher.producers
        }

    def subscribe(
        self, session: str, subscriptions: Sequence[Subscription], outlet: Outlet
    ) -> tuple[Consumer, ...]:
        """A viewer comes; nothing is sent before `open`."""
        consumers = []
        for subscription in subscriptions:
            route = self._routes[subscription.producer]
            stream = route.stream_for(subscription) or Stream(
                subscription.format.payload_type, subscription.identifiers, self._new_numbers()
            )
            consumers.append(Consumer(subscription, stream, self._new_numbers()))
            route.add(consumers[-1], outlet)
        streams = {consumer.ssrc: consumer for consumer in consumers}
        self._subscribers[session] = _Subscriber(outlet, streams, session)
        return tuple(consumers)

    def open(self, session: str) -> None:
        """The session's transport carries media; a viewer's video begins with a key frame."""
        subscriber = self._subscribers.get(session)
        if subscriber is not None:
            subscriber.open = True
            for consumer in subscriber.consumers.values():
                self._grant(consumer, consumer.open())

    def leave(self, session: str) -> list[tuple[Outlet, int]]:
        """A session goes, whichever it is.  Viewers of a publisher stay, and see nothing.

        Returned are the sources from which viewers will hear no more.
        """
        publisher = self._publishers.pop(session, None)
        silenced: list[tuple[Outlet, int]] = []
        if publisher is not None:
            for producer in publisher[0].producers:
                silenced += self._routes.pop(producer.key).sources()
        subscriber = self._subscribers.pop(session, None)
        if subscriber is not None:
            for consumer in subscriber.consumers.values():
                route = self._routes.get(consumer.subscription.producer)
                if route is not None:
                    route.remove(consumer)
        return silenced

    # --- packets ---

    def receive_rtp(self, session: str, data: bytes, now: float) -> list[tuple[Outlet, bytes]]:
        """The copies of a publisher's packet, as they go out.

        What is malformed or nobody's is counted, and becomes no copy; nothing is raised.
        """
        known = self._publishers.get(session)
        arrival = known[0].receive_rtp(data, now) if known else None
        if arrival is None:
            return []
        extended, packet, key_frame = arrival.extended, arrival.packet, arrival.key_frame
        empty = not packet.payload
        copies = []
        for stream, members in self._routes[arrival.producer.key].groups:
            prepared = stream.skip(extended) if empty else stream.prepare(extended, packet)
            if prepared is None:
                continue
            outgoing, sent = prepared.data, prepared.sent
            for consumer, outlet in members:
                if consumer.take(sent, key_frame, now):
                    copies.append((outlet, outgoing))
        return copies

    def receive_rtcp(self, session: str, data: bytes, now: float) -> list[tuple[Outlet, bytes]]:
        """What goes out again because of a report; requests to publishers wait for `poll`."""
        known = self._publishers.get(session)
        subscriber = self._subscribers.get(session)
        try:
            packets = parse_rtcp(data)
        except RemoteError as error:
            drops = known[0].drops if known else subscriber.drops if subscriber else None
            if drops is not None:
                drops[error.reason] += 1
            return []
        if known:
            known[0].receive_rtcp(packets, now)
        if subscriber is None:
            return []
        copies: list[tuple[Outlet, bytes]] = []
        for packet in packets:
            copies += self._receive_feedback(subscriber, packet, now)
        return copies

    def poll(self, now: float) -> list[tuple[Outlet, bytes]]:
        """RTCP that is due; call this every 20 ms while packets come."""
        due = [(outlet, publisher.poll(now)) for publisher, outlet in self._publishers.values()]
        if now - self._reported_s >= REPORT_INTERVAL_S:
            self._reported_s = now
            due += self._sender_reports(now)
        return [(outlet, data) for outlet, data in due if data]

    def sizes(self) -> list[SizeSeen]:
        """Pictures whose size changed since the last call."""
        seen = []
        for route in self._routes.values():
            size = (route.producer.width, route.producer.height)
            if size != route.size:
                route.size = size
                seen.append(SizeSeen(route.session, route.producer.track.mid, *size))
        return seen

    def statistics(self, now: float) -> RoomStatistics:
        publishers = {name: publisher for name, (publisher, _) in self._publishers.items()}
        subscribers = self._subscribers
        return RoomStatistics(
            producers={
                name: tuple(producer.statistics(now) for producer in publisher.producers)
                for name, publisher in publishers.items()
            },
            consumers={
                name: tuple(consumer.statistics() for consumer in subscriber.consumers.values())
                for name, subscriber in subscribers.items()
            },
            drops={
                **{name: dict(publisher.drops) for name, publisher in publishers.items()},
                **{name: dict(subscriber.drops) for name, subscriber in subscribers.items()},
            },
        )

    def _receive_feedback(
        self, subscriber: _Subscriber[Outlet], packet: RtcpPacket, now: float
    ) -> list[tuple[Outlet, bytes]]:
        consumers = subscriber.consumers
        if isinstance(packet, Nack):
            asked = consumers.get(packet.media_ssrc)
            answers = asked.answer_nack(packet.lost, now) if asked else []
            return [(subscriber.outlet, packet) for packet in answers]
        if isinstance(packet, PictureLoss):
            self._ask_key_frame(consumers.get(packet.media_ssrc))
        elif isinstance(packet, FullIntraRequest):
            for ssrc, _ in packet.requests:
                self._ask_key_frame(consumers.get(ssrc))
        elif isinstance(packet, ReceiverReport | SenderReport):
            self._receive_reports(consumers, packet, now)
        elif isinstance(packet, ReceiverEstimate):
            _receive_estimate(consumers, packet)
        return []

    def _receive_reports(
        self, consumers: Mapping[int, Consumer], packet: ReceiverReport | SenderReport, now: float
    ) -> None:
        for report in packet.reports:
            consumer = consumers.get(report.ssrc)
            if consumer is not None:
                consumer.receive_report(report, self._ntp(now))

    def _ask_key_frame(self, consumer: Consumer | None) -> None:
        if consumer is not None:
            self._grant(consumer, consumer.receive_key_frame_request())

    def _grant(self, consumer: Consumer, wish: Wish) -> None:
        route = self._routes.get(consumer.subscription.producer)
        if wish is Wish.KEY_FRAME and route is not None:
            route.producer.want_key_frame()

    def _sender_reports(self, now: float) -> list[tuple[Outlet, bytes]]:
        ntp = self._ntp(now)
        due = []
        for subscriber in self._subscribers.values():
            if subscriber.open:
                reports = [
                    consumer.report(timestamp, ntp, subscriber.name)
                    for consumer in subscriber.consumers.values()
                    if (timestamp := self._timestamp(consumer, now)) is not None
                ]
                due.append((subscriber.outlet, b"".join(reports)))
        return due

    def _timestamp(self, consumer: Consumer, now: float) -> int | None:
        route = self._routes.get(consumer.subscription.producer)
        return None if route is None else route.producer.timestamp_at(now)

    def _ntp(self, now: float) -> int:
        return int((now + self._ntp_offset_s) * _NTP_FRACTION) & _NTP_MASK

    def _new_ssrc(self) -> int:
        return self._random_bits(32) or 1

    def _new_numbers(self) -> Numbers:
        return Numbers(
            self._new_ssrc(),
            self._random_bits(_FIRST_SEQUENCE_BITS),
            self._random_bits(32),
        )


def _receive_estimate(consumers: Mapping[int, Consumer], packet: ReceiverEstimate) -> None:
    for ssrc in packet.ssrcs:
        consumer = consumers.get(ssrc)
        if consumer is not None:
            consumer.estimated_bps = packet.bitrate_bps
