"""A room on a virtual clock: cameras with several encodings, microphones, viewers behind lines.

Packets go through a real `Router`; what a transport would do (number, send, tell back) is done
here.  Nothing waits: a minute takes a few seconds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise
from random import Random

from sfu.codecs import Codec
from sfu.codecs.vp8 import parse_vp8
from sfu.description import AUDIO_LEVEL, MID, RID, TRANSPORT_SEQUENCE, Format, MediaKind
from sfu.publication import Track
from sfu.reception import ArrivalRecorder
from sfu.router import News, Router
from sfu.rtcp import PictureLoss, parse_rtcp
from sfu.rtp import RtpPacket, parse_rtp
from sfu.subscriber import TrackChange
from sfu.subscription import Subscription
from tests.builders import rtp, vp8, vp8_key_frame
from tests.sfu.viewer import Line

VIDEO = Format(96, "VP8", 90_000, 1, "", frozenset({"nack", "nack pli"}), 97)
AUDIO = Format(111, "opus", 48_000, 2)
RIDS = ("q", "h", "f")
HEIGHTS = (180, 360, 720)
RATES_BPS = (150_000, 500_000, 1_500_000)
FRAME_S = 0.033
PACKET_BYTES = 1100
SEQUENCE_ID = 3
STEP_S = 0.005
SPEECH = b"\xfc" + bytes(99)


@dataclass
class Source:
    """One encoding of a camera; every other picture is of the upper temporal layer."""

    ssrc: int
    rid: str
    height: int
    rate_bps: int
    first_sequence: int
    first_timestamp: int
    on: bool = True
    key_frame_due: bool = True
    pictures: int = 0
    sequence: int = 0
    key_frames: int = 0

    def packets(self, now: float, mid: str) -> list[bytes]:
        size = round(self.rate_bps * FRAME_S / 8)
        key_frame, self.key_frame_due = self.key_frame_due, False
        self.key_frames += key_frame
        bodies = [min(PACKET_BYTES, size - start) for start in range(0, size, PACKET_BYTES)]
        timestamp = (self.first_timestamp + round(now * 90_000)) & 0xFFFF_FFFF
        temporal = 0 if key_frame else self.pictures % 2
        made = []
        for index, length in enumerate(bodies):
            body = b"\x01" + bytes(length)
            if key_frame and index == 0:
                width = self.height * 16 // 9
                body = vp8_key_frame(width, self.height) + bytes(length)
            payload = vp8(
                body,
                start=index == 0,
                picture_id=self.pictures & 0x7FFF,
                level_zero_index=self.pictures // 2 & 0xFF,
                temporal=(temporal, temporal == 1),
            )
            elements = b"\x40" + mid.encode() + bytes((0x50 | len(self.rid) - 1,))
            made.append(
                rtp(
                    payload,
                    sequence_number=self.first_sequence + self.sequence,
                    timestamp=timestamp,
                    ssrc=self.ssrc,
                    marker=index == len(bodies) - 1,
                    block=(0xBEDE, elements + self.rid.encode()),
                )
            )
            self.sequence += 1
        self.pictures += 1
        return made


@dataclass
class Publisher:
    """A camera (MID `v`) and a microphone (MID `a`)."""

    name: str
    sources: list[Source]
    level_dbov: int | None = None
    speech: int = 0

    def track(self) -> Track:
        known = {MID: 4, RID: 5, TRANSPORT_SEQUENCE: SEQUENCE_ID}
        rids = RIDS if len(self.sources) > 1 else ()
        return Track("v", MediaKind.VIDEO, Codec.VP8, VIDEO, known, (), (), rids)

    def microphone(self) -> Track:
        return Track("a", MediaKind.AUDIO, Codec.OPUS, AUDIO, {AUDIO_LEVEL: 1}, (), ())


@dataclass
class Got:
    """A packet as a viewer got it."""

    at_s: float
    packet: RtpPacket


@dataclass
class Viewer:
    """Gets packets by a line, checks their numbers, and tells what arrived."""

    name: str
    line: Line | None
    side: Callable[[int, float], int] | None = None
    mids: dict[int, str] = field(default_factory=dict)
    resent: dict[int, str] = field(default_factory=dict)
    got: dict[str, list[Got]] = field(default_factory=dict)
    padding: int = 0
    lost: int = 0
    recorder: ArrivalRecorder = field(default_factory=lambda: ArrivalRecorder(7))
    changes: list[tuple[float, TrackChange]] = field(default_factory=list)

    def of(self, mid: str, since_s: float = 0.0) -> list[RtpPacket]:
        return [one.packet for one in self.got.get(mid, []) if one.at_s >= since_s]

    def pictures(self, mid: str, since_s: float = 0.0) -> int:
        return sum(packet.marker for packet in self.of(mid, since_s))

    def height(self, mid: str) -> int:
        """Of the last key frame."""
        for packet in reversed(self.of(mid)):
            if packet.payload:
                parsed = parse_vp8(packet.payload)
                if parsed.key_frame:
                    return parsed.height
        return 0

    def reason(self, mid: str) -> str:
        return next((c.reason for _, c in reversed(self.changes) if c.mid == mid), "")


class Room:
    """Runs a `Router` with everybody's packets."""

    def __init__(self) -> None:
        random = Random(1)
        self.router: Router[str] = Router(random.getrandbits, 2_208_988_800.0)
        self.now = 1000.0
        self.publishers: dict[str, Publisher] = {}
        self.viewers: dict[str, Viewer] = {}
        self.news: list[News] = []
        self._under_way: list[tuple[float, int, Callable[[], None]]] = []
        self._ssrcs = count(0x1000)
        self._order = count()
        self._step = 0

    def publish(self, name: str, encodings: int = 3, level_dbov: int | None = None) -> Publisher:
        chosen = slice(0, 3) if encodings == 3 else slice(2, 3)
        sources = [
            Source(next(self._ssrcs), rid, height, rate, 60_000 + place, 7_777 * place)
            for place, (rid, height, rate) in enumerate(
                zip(RIDS[chosen], HEIGHTS[chosen], RATES_BPS[chosen], strict=True)
            )
        ]
        publisher = self.publishers[name] = Publisher(name, sources, level_dbov)
        tracks = (publisher.track(), publisher.microphone())
        self.router.publish(name, name, tracks, name)
        self.router.open(name, self.now)
        return publisher

    def watch(
        self, name: str, tracks: Sequence[str], line: Line | None = None, *, tells: bool = True
    ) -> Viewer:
        """`tracks`: producers, as `ada/v`; the MID is the place."""
        subscriptions = [
            Subscription(
                str(place),
                producer,
                MediaKind.AUDIO if producer.endswith("/a") else MediaKind.VIDEO,
                AUDIO if producer.endswith("/a") else VIDEO,
                {},
                {TRANSPORT_SEQUENCE: SEQUENCE_ID} if tells else {},
            )
            for place, producer in enumerate(tracks)
        ]
        subscriber = self.router.subscribe(name, subscriptions, name)
        viewer = self.viewers[name] = Viewer(name, line)
        for consumer in subscriber.consumers.values():
            viewer.mids[consumer.ssrc] = consumer.subscription.mid
            if consumer.retransmission_ssrc is not None:
                viewer.resent[consumer.retransmission_ssrc] = consumer.subscription.mid
        if subscriber.send_side is not None:
            viewer.side = subscriber.send_side.send
        self.router.open(name, self.now)
        return viewer

    def run(self, duration_s: float) -> None:
        for _ in range(round(duration_s / STEP_S)):
            self._step += 1
            self.now += STEP_S
            while self._under_way and self._under_way[0][0] <= self.now:
                self._under_way.pop(0)[2]()
            self._publish()
            self._deliver(self.router.probe(self.now))
            if self._step % 4 == 0:
                self._poll()
            if self._step % 10 == 0:
                self._tell_back()

    def _publish(self) -> None:
        for publisher in self.publishers.values():
            if self._step % 7 == 0:
                for source in publisher.sources:
                    for data in source.packets(self.now, "v") if source.on else ():
                        self._deliver(self.router.receive_rtp(publisher.name, data, self.now))
            if self._step % 4 == 0 and publisher.level_dbov is not None:
                publisher.speech += 1
                level = bytes((0x10, 0x80 | -publisher.level_dbov))
                data = rtp(
                    SPEECH,
                    payload_type=111,
                    sequence_number=publisher.speech,
                    timestamp=publisher.speech * 960,
                    ssrc=publisher.sources[0].ssrc + 0x8000,
                    block=(0xBEDE, level),
                )
                self._deliver(self.router.receive_rtp(publisher.name, data, self.now))

    def _poll(self) -> None:
        for outlet, data in self.router.poll(self.now):
            publisher = self.publishers.get(outlet)
            for packet in parse_rtcp(data) if publisher else ():
                if publisher and isinstance(packet, PictureLoss):
                    asked = [one for one in publisher.sources if one.ssrc == packet.media_ssrc]
                    for source in asked:
                        self._at(self.now + 0.03, source)
        for news in self.router.news():
            self.news.append(news)
            if isinstance(news, TrackChange):
                self.viewers[news.session].changes.append((self.now, news))

    def _at(self, when: float, source: Source) -> None:
        def due() -> None:
            source.key_frame_due = True

        self._schedule(when, due)

    def _schedule(self, when: float, act: Callable[[], None]) -> None:
        self._under_way.append((when, next(self._order), act))
        self._under_way.sort(key=lambda one: one[:2])

    def _deliver(self, copies: Sequence[tuple[str, bytes]]) -> None:
        for outlet, data in copies:
            self._send(self.viewers[outlet], data)

    def _send(self, viewer: Viewer, data: bytes) -> None:
        number = viewer.side(len(data), self.now) if viewer.side else 0
        arrival = self.now if viewer.line is None else viewer.line.send(len(data), self.now)
        if arrival is None:
            viewer.lost += 1
            return
        self._schedule(arrival, lambda: self._arrive(viewer, data, number, arrival))

    def _arrive(self, viewer: Viewer, data: bytes, number: int, at_s: float) -> None:
        viewer.recorder.receive(number, at_s)
        packet = parse_rtp(data)
        if packet.ssrc in viewer.resent:
            viewer.padding += packet.padding_length
            return
        viewer.got.setdefault(viewer.mids[packet.ssrc], []).append(Got(at_s, packet))

    def _tell_back(self) -> None:
        for viewer in self.viewers.values():
            for feedback in viewer.recorder.poll(self.now) if viewer.side else ():
                data = bytes(feedback)
                self._schedule(
                    self.now + (viewer.line.delay_s if viewer.line else 0.0),
                    lambda name=viewer.name, data=data: self.router.receive_rtcp(
                        name, data, self.now
                    ),
                )


def gaps(packets: Sequence[RtpPacket]) -> int:
    """Numbers that a viewer never saw between the first and the last."""
    if not packets:
        return 0
    first = packets[0].sequence_number
    seen = {(one.sequence_number - first) & 0xFFFF for one in packets}
    return max(seen) + 1 - len(seen)


def picture_ids(packets: Sequence[RtpPacket]) -> list[int]:
    """In order, each once."""
    found: list[int] = []
    for packet in packets:
        picture = parse_vp8(packet.payload).picture_id if packet.payload else None
        if picture is not None and (not found or found[-1] != picture):
            found.append(picture)
    return found


def milliseconds(packets: Sequence[RtpPacket]) -> list[float]:
    """Steps of the timestamp from picture to picture."""
    stamps = [one.timestamp for one in packets if one.marker]
    steps = [(b - a) & 0xFFFF_FFFF for a, b in pairwise(stamps)]
    return [step / 90 for step in steps]
