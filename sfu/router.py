"""The media of one room: who publishes what, who watches it, and which packet goes where.

Knows publishers, viewers and the copies that a packet becomes.  It refuses to know transports:
an outlet is whatever the caller hands in for a participant, and comes back beside each copy.
No clock, no randomness and no waiting of its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from sfu.bandwidth import SendSide
from sfu.consumer import Consumer, ConsumerStatistics
from sfu.description import MediaKind
from sfu.encoding import EncodingStatistics
from sfu.errors import RemoteError
from sfu.producer import REPORT_INTERVAL_S, Producer, Publisher
from sfu.publication import Track
from sfu.route import Names, Route, sources_of
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
from sfu.stream import Numbers
from sfu.subscriber import (
    Subscriber,
    SubscriberStatistics,
    TrackChange,
    ViewerWishes,
)
from sfu.subscription import Subscription
from sfu.survey import Survey, SurveyNews
from sfu.tapping import TapSink
from sfu.transport_feedback import TransportFeedback

Outlet = TypeVar("Outlet")

# Sequence numbers begin in the lower half, so that a viewer who misses the first ones is not
# misled by a wrap (RFC 3711, 3.3.1).
_FIRST_SEQUENCE_BITS = 15
_NTP_FRACTION = 1 << 32
_NTP_MASK = 0xFFFF_FFFF_FFFF_FFFF

News = SurveyNews | TrackChange


class RoomStatistics(msgspec.Struct, frozen=True):
    """Per session: what it publishes, what it watches, what was dropped of what it sent."""

    producers: dict[str, tuple[EncodingStatistics, ...]]
    consumers: dict[str, tuple[ConsumerStatistics, ...]]
    viewers: dict[str, SubscriberStatistics]
    drops: dict[str, dict[str, int]]


class Router(Generic[Outlet]):
    """One room.  `random_bits(n)` gives unpredictable numbers; `now` plus the offset is NTP's."""

    def __init__(self, random_bits: Callable[[int], int], ntp_offset_s: float) -> None:
        self._random_bits = random_bits
        self._ntp_offset_s = ntp_offset_s
        self._publishers: dict[str, tuple[Publisher, Outlet]] = {}
        self._subscribers: dict[str, Subscriber[Outlet]] = {}
        self._routes: dict[str, Route[Outlet]] = {}
        self._producers: dict[str, Producer] = {}
        self._owners: dict[str, str] = {}
        self._survey = Survey(self._publishers, self._routes)
        self._news: list[News] = []
        self._reported_s = 0.0

    @property
    def empty(self) -> bool:
        return not (self._publishers or self._subscribers)

    # --- who is here ---

    def publish(
        self,
        session: str,
        identity: str,
        tracks: Sequence[Track],
        outlet: Outlet,
        tap: Callable[[Track], Sequence[TapSink]] | None = None,
    ) -> None:
        """A publisher comes; its packets are taken from now on.

        `tap` makes those that listen to a track, where that is allowed.
        """
        producers = [Producer(f"{session}/{track.mid}", track) for track in tracks]
        publisher = Publisher(identity, producers, self._new_ssrc())
        self._publishers[session] = publisher, outlet
        for producer in producers:
            sinks = () if tap is None else tap(producer.track)
            self._routes[producer.key] = Route(session, producer, self._new_names(), sinks)
            self._producers[producer.key] = producer
            self._owners[producer.key] = session

    def published(self, identity: str | None = None) -> dict[str, Track]:
        """Tracks that can be watched, by the name under which to subscribe; newest first."""
        return {
            producer.key: producer.track
            for publisher, _ in reversed(self._publishers.values())
            if identity in {None, publisher.identity}
            for producer in publisher.producers
        }

    def owner(self, producer: str) -> str:
        """The identity behind a producer."""
        return self._publishers[self._owners[producer]][0].identity

    def session_of(self, producer: str) -> str:
        """The publishing session of a producer."""
        return self._owners[producer]

    def subscriber(self, session: str) -> Subscriber[Outlet]:
        """A viewer that is there."""
        return self._subscribers[session]

    def silence(self, session: str, mids: frozenset[str]) -> None:
        """Forward nothing of these tracks of a publisher, whatever it sends, and all others."""
        known = self._publishers.get(session)
        for producer in known[0].producers if known else ():
            was, producer.silenced = producer.silenced, producer.track.mid in mids
            if was and not producer.silenced:
                for encoding in producer.encodings:
                    encoding.want_key_frame()

    def tap(
        self, session: str, mids: frozenset[str], make: Callable[[Track], Sequence[TapSink]]
    ) -> None:
        """Let these tracks of a publisher be listened to from now on, and none of its others."""
        for route in self._routes.values():
            if route.session != session:
                continue
            track = route.producer.track
            if track.mid not in mids:
                route.listen(())
            elif not route.sinks:
                route.listen(make(track))

    def subscribe(
        self, session: str, subscriptions: Sequence[Subscription], outlet: Outlet
    ) -> Subscriber[Outlet]:
        """A viewer comes; nothing is sent before `open`."""
        subscriber = self._subscribers[session] = Subscriber(session, outlet)
        for subscription in subscriptions:
            self.add_track(session, subscription, self.names_for(session, subscription.producer))
        return subscriber

    def names_for(self, session: str, producer: str) -> Names:
        """How a viewer will hear a producer; never the same way twice.

        All hear it alike, so that they can share packets.  Under a source that a viewer heard
        before, numbers could repeat, which AES-GCM would not survive.
        """
        subscriber = self._subscribers[session]
        names = self._routes[producer].names
        if names.media.ssrc in subscriber.used:
            names = self._new_names()
        subscriber.used.add(names.media.ssrc)
        return names

    def add_track(self, session: str, subscription: Subscription, names: Names) -> Consumer | None:
        """A viewer gets one more track; it begins at once if the viewer is there.

        None if the track has gone meanwhile.
        """
        subscriber = self._subscribers[session]
        route = self._routes.get(subscription.producer)
        if route is None:
            return None
        if subscription.sequence_id and subscriber.send_side is None:
            subscriber.send_side = SendSide()
        stream = route.stream_for(subscription.form, names)
        consumer = Consumer(subscription, stream, names.again)
        subscriber.add(consumer)
        route.add(consumer, subscriber.outlet)
        return consumer

    def remove_track(self, session: str, mid: str) -> list[int]:
        """A viewer gets a track no more; the sources from which it heard it."""
        subscriber = self._subscribers[session]
        gone = subscriber.remove(mid)
        for consumer in gone:
            self._forget(consumer)
        return [ssrc for consumer in gone for ssrc in sources_of(consumer)]

    def wish(self, session: str, wishes: ViewerWishes, now: float) -> None:
        """What a viewer has use for from now on."""
        subscriber = self._subscribers.get(session)
        if subscriber is not None:
            subscriber.wishes = wishes
            self._allocate(subscriber, now)

    def open(self, session: str, now: float) -> None:
        """The session's transport carries media; a viewer's video begins with a key frame."""
        subscriber = self._subscribers.get(session)
        if subscriber is not None:
            subscriber.open(now)
            self.refresh(session, now)

    def refresh(self, session: str, now: float) -> None:
        """Give a viewer at once what it can get now."""
        for producer in self._producers.values():
            producer.poll(now)
        self._allocate(self._subscribers[session], now)

    def leave(self, session: str) -> list[tuple[Outlet, int]]:
        """A session goes, whichever it is.  Viewers of a publisher stay, and see nothing.

        Returned are the sources from which viewers will hear no more.
        """
        publisher = self._publishers.pop(session, None)
        silenced: list[tuple[Outlet, int]] = []
        if publisher is not None:
            for producer in publisher[0].producers:
                route = self._routes.pop(producer.key)
                silenced += route.sources()
                route.listen(())
                del self._producers[producer.key], self._owners[producer.key]
            self._survey.forget(session)
        subscriber = self._subscribers.pop(session, None)
        if subscriber is not None:
            for consumer in subscriber.consumers.values():
                self._forget(consumer)
        return silenced

    # --- packets ---

    def receive_rtp(self, session: str, data: bytes, now: float) -> list[tuple[Outlet, bytes]]:
        """The copies of a publisher's packet, as they go out.

        What is malformed or nobody's is counted, and becomes no copy; nothing is raised.
        """
        known = self._publishers.get(session)
        arrival = known[0].receive_rtp(data, now) if known else None
        if known is None or arrival is None:
            return []
        track = arrival.encoding.track
        if track.kind is MediaKind.AUDIO:
            level = known[0].level_of(arrival.packet)
            if level is not None:
                self._survey.hear(session, level, now)
        key_frame = arrival.description.key_frame
        copies = []
        route = self._routes[f"{session}/{track.mid}"]
        if route.sinks:
            route.tap(arrival, now)
        for group in route.groups:
            prepared = group.stream.prepare(arrival, now)
            if prepared is None:
                continue
            outgoing, sent = prepared.data, prepared.sent
            for consumer, outlet in group.members:
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
            self._set_tap_clocks(known[0], packets)
        if subscriber is None:
            return []
        copies: list[tuple[Outlet, bytes]] = []
        for packet in packets:
            copies += self._receive_feedback(subscriber, packet, now)
        return copies

    # --- time ---

    def poll(self, now: float) -> list[tuple[Outlet, bytes]]:
        """RTCP that is due; call this every 20 ms while packets come."""
        self._news += self._survey.poll(self._subscribers.values(), now)
        for subscriber in self._subscribers.values():
            if subscriber.is_open and subscriber.is_due(now):
                self._allocate(subscriber, now)
        due = [(outlet, publisher.poll(now)) for publisher, outlet in self._publishers.values()]
        if now - self._reported_s >= REPORT_INTERVAL_S:
            self._reported_s = now
            due += self._sender_reports(now)
        return [(outlet, data) for outlet, data in due if data]

    def probe(self, now: float) -> list[tuple[Outlet, bytes]]:
        """Packets that find out what viewers' networks take; every 5 ms while `is_probing`."""
        return [
            (subscriber.outlet, packet)
            for subscriber in self._subscribers.values()
            for packet in subscriber.probe(now)
        ]

    @property
    def is_probing(self) -> bool:
        return any(subscriber.is_probing for subscriber in self._subscribers.values())

    def news(self) -> list[News]:
        """What happened since the last call."""
        news, self._news = self._news, []
        return [*news, *self._survey.sizes()]

    def statistics(self, now: float) -> RoomStatistics:
        publishers = {name: publisher for name, (publisher, _) in self._publishers.items()}
        subscribers = self._subscribers
        return RoomStatistics(
            producers={
                name: tuple(one for each in publisher.producers for one in each.statistics(now))
                for name, publisher in publishers.items()
            },
            consumers={
                name: tuple(consumer.statistics() for consumer in subscriber.consumers.values())
                for name, subscriber in subscribers.items()
            },
            viewers={name: one.statistics() for name, one in subscribers.items()},
            drops={
                **{name: dict(publisher.drops) for name, publisher in publishers.items()},
                **{name: dict(subscriber.drops) for name, subscriber in subscribers.items()},
            },
        )

    def _set_tap_clocks(self, publisher: Publisher, packets: Sequence[RtcpPacket]) -> None:
        """Whoever listens compares sound and picture by the publisher's own clock."""
        reported = {one.ssrc: one for one in packets if isinstance(one, SenderReport)}
        for producer in publisher.producers if reported else ():
            for sink in self._routes[producer.key].sinks:
                report = reported.get(producer.encodings[sink.encoding].ssrc)
                if report is not None:
                    sink.receive_clock(report.rtp_timestamp, report.ntp_time)

    # --- what viewers say ---

    def _receive_feedback(
        self, subscriber: Subscriber[Outlet], packet: RtcpPacket, now: float
    ) -> list[tuple[Outlet, bytes]]:
        consumers = subscriber.consumers
        if isinstance(packet, TransportFeedback):
            if subscriber.send_side is not None:
                subscriber.send_side.receive_feedback(packet, now)
        elif isinstance(packet, Nack):
            answers = subscriber.answer_nack(packet, now)
            return [(subscriber.outlet, packet) for packet in answers]
        elif isinstance(packet, PictureLoss):
            self._ask_key_frame(consumers.get(packet.media_ssrc))
        elif isinstance(packet, FullIntraRequest):
            for ssrc, _ in packet.requests:
                self._ask_key_frame(consumers.get(ssrc))
        elif isinstance(packet, ReceiverReport | SenderReport):
            self._receive_reports(consumers, packet, now)
        elif isinstance(packet, ReceiverEstimate):
            subscriber.told_bps = packet.bitrate_bps
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
            self._want_key_frame(consumer, consumer.receive_key_frame_request())

    def _want_key_frame(self, consumer: Consumer, index: int | None) -> None:
        producer = self._producers.get(consumer.subscription.producer)
        if producer is not None and index is not None:
            producer.want_key_frame(index)

    # --- who gets what ---

    def _allocate(self, subscriber: Subscriber[Outlet], now: float) -> None:
        demands = subscriber.demands(self._producers, self._owners, self._survey.stage)
        for aim in subscriber.allocate(demands, now):
            route = self._routes.get(aim.consumer.subscription.producer)
            if route is not None:
                route.aim(aim.consumer, aim.layer, subscriber.outlet)
        for consumer in subscriber.consumers.values():
            self._want_key_frame(consumer, consumer.key_frame_wanted)
        self._news += subscriber.changes()

    # --- numbers ---

    def _forget(self, consumer: Consumer) -> None:
        route = self._routes.get(consumer.subscription.producer)
        if route is not None:
            route.remove(consumer)

    def _sender_reports(self, now: float) -> Iterator[tuple[Outlet, bytes]]:
        ntp = self._ntp(now)
        for subscriber in self._subscribers.values():
            if subscriber.is_open:
                reports = [
                    consumer.report(timestamp, ntp, subscriber.name)
                    for consumer in subscriber.consumers.values()
                    if (timestamp := self._timestamp(consumer, now)) is not None
                ]
                yield subscriber.outlet, b"".join(reports)

    def _timestamp(self, consumer: Consumer, now: float) -> int | None:
        producer = self._producers.get(consumer.subscription.producer)
        layer = consumer.layer
        if producer is None or layer is None:
            return None
        return producer.encodings[layer.encoding].timestamp_at(now)

    def _ntp(self, now: float) -> int:
        return int((now + self._ntp_offset_s) * _NTP_FRACTION) & _NTP_MASK

    def _new_ssrc(self) -> int:
        return self._random_bits(32) or 1

    def _new_names(self) -> Names:
        return Names(self._new_numbers(), self._new_numbers())

    def _new_numbers(self) -> Numbers:
        return Numbers(
            self._new_ssrc(),
            self._random_bits(_FIRST_SEQUENCE_BITS),
            self._random_bits(32),
        )
