"""One room without sockets: which packet goes to whom, under which numbers, who asks for what."""

from collections.abc import Sequence
from itertools import count
from typing import cast

import pytest

from sfu.codecs import Codec
from sfu.description import AUDIO_LEVEL, MID, TRANSPORT_SEQUENCE, Format, MediaKind
from sfu.encoding import KEY_FRAME_INTERVAL_S
from sfu.producer import MAX_PUBLISHER_BPS
from sfu.publication import Track
from sfu.router import Router
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
from sfu.rtp import RtpPacket, parse_rtp
from sfu.subscription import Subscription
from sfu.survey import SizeSeen
from sfu.tapping import TapSink
from sfu.transport_feedback import TransportFeedback
from tests.builders import rtp, vp8, vp8_key_frame

VIDEO = Format(96, "VP8", 90_000, 1, "", frozenset({"nack", "nack pli"}), 97)
AUDIO = Format(111, "opus", 48_000, 2)
KEY_FRAME = vp8(vp8_key_frame(320, 240))
SSRC = 0x1234_5678
REPAIR_SSRC = 0x99


def video_track(mid: str = "v") -> Track:
    known = {MID: 4, TRANSPORT_SEQUENCE: 3}
    return Track(mid, MediaKind.VIDEO, Codec.VP8, VIDEO, known, (SSRC,), ((SSRC, REPAIR_SSRC),))


def audio_track() -> Track:
    return Track("a", MediaKind.AUDIO, Codec.OPUS, AUDIO, {AUDIO_LEVEL: 1}, (5,), ())


class House:
    """A router whose outlets are the names of its sessions."""

    def __init__(self) -> None:
        numbers = count(1000)
        self.router: Router[str] = Router(lambda bits: next(numbers) & ((1 << bits) - 1), 0.0)
        self.now = 0.0

    def publish(self, session: str, *tracks: Track) -> None:
        self.router.publish(session, session, tracks, session)
        self.router.open(session, self.now)

    def watch(
        self,
        session: str,
        producer: str = "ada/v",
        kind: MediaKind = MediaKind.VIDEO,
        chosen: Format = VIDEO,
        identifiers: dict[int, int] | None = None,
    ) -> int:
        subscription = Subscription("0", producer, kind, chosen, identifiers or {}, {})
        subscriber = self.router.subscribe(session, [subscription], session)
        self.router.open(session, self.now)
        return next(iter(subscriber.consumers))

    def send(self, data: bytes, session: str = "ada") -> list[tuple[str, RtpPacket]]:
        copies = self.router.receive_rtp(session, data, self.now)
        return [(outlet, parse_rtp(packet)) for outlet, packet in copies]

    def tell(self, session: str, *packets: RtcpPacket) -> list[tuple[str, RtpPacket]]:
        data = b"".join(map(bytes, packets))
        copies = self.router.receive_rtcp(session, data, self.now)
        return [(outlet, parse_rtp(packet)) for outlet, packet in copies]

    def due(self, kind: type[RtcpPacket] | None = None) -> list[tuple[str, RtcpPacket]]:
        return [
            (outlet, packet)
            for outlet, data in self.router.poll(self.now)
            for packet in parse_rtcp(data)
            if kind is None or isinstance(packet, kind)
        ]


@pytest.fixture
def house() -> House:
    opened = House()
    opened.publish("ada", video_track(), audio_track())
    return opened


def key(number: int, **fields: int) -> bytes:
    return rtp(KEY_FRAME, sequence_number=number, **fields)


def inter(number: int, **fields: int) -> bytes:
    return rtp(vp8(), sequence_number=number, **fields)


def test_a_viewer_begins_with_a_key_frame(house: House) -> None:
    house.watch("bob")
    assert house.send(inter(1)) == []
    assert [outlet for outlet, _ in house.send(key(2))] == ["bob"]
    assert [outlet for outlet, _ in house.send(inter(3))] == ["bob"]


def test_nothing_goes_out_before_the_transport_is_open(house: House) -> None:
    subscription = Subscription("0", "ada/v", MediaKind.VIDEO, VIDEO, {}, {})
    house.router.subscribe("bob", [subscription], "bob")
    assert house.send(key(1)) == []


def test_a_copy_has_the_viewers_numbers_and_the_publishers_payload(house: House) -> None:
    chosen = Format(120, "VP8", 90_000, 1, "", frozenset({"nack"}), 121)
    ssrc = house.watch("bob", chosen=chosen)
    ((_, first),) = house.send(key(65_535, timestamp=3000))
    ((_, second),) = house.send(inter(0, timestamp=6000))
    assert (first.payload_type, first.ssrc) == (120, ssrc)
    assert second.sequence_number == (first.sequence_number + 1) & 0xFFFF
    assert (second.timestamp - first.timestamp) & 0xFFFF_FFFF == 3000
    assert first.payload == KEY_FRAME


def test_hop_by_hop_extensions_stay_and_the_others_are_renumbered(house: House) -> None:
    house.watch("bob", "ada/a", MediaKind.AUDIO, AUDIO, {1: 9})
    block = (0xBEDE, b"\x10\x85" + b"\x40v")
    ((_, copy),) = house.send(rtp(b"\xfcspeech", payload_type=111, ssrc=5, block=block))
    assert copy.extensions == {9: b"\x85"}


def test_viewers_who_number_alike_get_the_same_bytes(house: House) -> None:
    assert house.watch("bob") == house.watch("eve")
    copies = house.router.receive_rtp("ada", key(1), 0.0)
    assert {outlet for outlet, _ in copies} == {"bob", "eve"}
    assert len({packet for _, packet in copies}) == 1


def test_a_probe_leaves_no_hole_for_the_viewer(house: House) -> None:
    house.watch("bob")
    ((_, first),) = house.send(key(1))
    assert house.send(rtp(b"", sequence_number=2)) == []
    ((_, second),) = house.send(inter(3))
    assert second.sequence_number == first.sequence_number + 1


def test_an_empty_frame_reaches_nobody(house: House) -> None:
    house.watch("bob")
    house.send(key(1))
    assert house.send(rtp(b"\x10", sequence_number=2)) == []


@pytest.mark.parametrize("data", [b"", b"\x80", bytes(12), b"\xff" * 40, rtp(b"x", ssrc=77)])
def test_what_is_nobodys_or_malformed_is_counted(house: House, data: bytes) -> None:
    house.watch("bob")
    assert house.send(data) == []
    assert sum(house.router.statistics(0.0).drops["ada"].values()) == 1


def test_another_participants_source_changes_nothing(house: House) -> None:
    house.publish("mallory", video_track())
    house.watch("bob")
    house.send(key(1))
    assert house.send(inter(2), "mallory") == []


def test_a_publisher_beyond_every_camera_is_policed(house: House) -> None:
    house.watch("bob")
    house.send(key(1))
    sent = [house.send(rtp(vp8(b"\x01" + bytes(1199)), sequence_number=i + 2)) for i in range(4000)]
    passed = sum(1 for copies in sent if copies)
    assert passed * 1200 <= MAX_PUBLISHER_BPS / 8
    assert passed > 1000


# --- requests upstream ---


def test_key_frame_requests_are_merged_and_throttled(house: House) -> None:
    ssrc = house.watch("bob")
    house.send(inter(1))
    assert [outlet for outlet, _ in house.due(PictureLoss)] == ["ada"]
    for _ in range(1000):
        house.tell("bob", PictureLoss(1, ssrc))
        house.tell("bob", FullIntraRequest(1, ((ssrc, 1),)))
        assert house.due(PictureLoss) == []
    house.now += KEY_FRAME_INTERVAL_S
    assert len(house.due(PictureLoss)) == 1


def test_a_key_frame_settles_the_request(house: House) -> None:
    house.watch("bob")
    house.send(inter(1))
    house.due()
    house.send(key(2))
    house.now += 2 * KEY_FRAME_INTERVAL_S
    assert house.due(PictureLoss) == []


def test_a_lost_packet_is_asked_for_and_goes_out_in_its_place(house: House) -> None:
    house.watch("bob")
    ((_, first),) = house.send(key(1))
    house.send(inter(3))
    house.now += 0.03
    ((outlet, request),) = house.due(Nack)
    assert (outlet, request.lost) == ("ada", (2,))
    again = rtp(
        b"\x00\x02" + vp8(), payload_type=97, ssrc=REPAIR_SSRC, block=(0xBEDE, b"\x40v\x00\x00")
    )
    ((_, repaired),) = house.send(again)
    assert repaired.sequence_number == first.sequence_number + 1


def test_transport_wide_arrivals_are_told_to_the_publisher(house: House) -> None:
    house.send(rtp(vp8(), block=(0xBEDE, b"\x31\x00\x07")))
    house.now += 0.1
    ((outlet, feedback),) = house.due(TransportFeedback)
    assert (outlet, feedback.base_sequence) == ("ada", 7)
    # Chromium, whose estimate then falls by a fifth a second, ignores it for any other source.
    assert feedback.media_ssrc == SSRC


def test_reports_go_both_ways(house: House) -> None:
    ssrc = house.watch("bob")
    house.now = 10.0
    house.send(key(1))
    house.now = 11.5
    packets = house.due()
    assert any(o == "ada" and isinstance(p, ReceiverReport) for o, p in packets)
    (report,) = (p for o, p in packets if o == "bob" and isinstance(p, SenderReport))
    assert (report.ssrc, report.packet_count) == (ssrc, 1)


# --- repeating for viewers ---


def test_a_viewers_nack_is_answered_by_retransmission(house: House) -> None:
    ssrc = house.watch("bob")
    ((_, first),) = house.send(key(1))
    house.now = 1.0
    ((outlet, again),) = house.tell("bob", Nack(1, ssrc, (first.sequence_number,)))
    assert (outlet, again.payload_type) == ("bob", 97)
    assert again.payload == first.sequence_number.to_bytes(2, "big") + first.payload


def test_without_retransmission_format_the_same_bytes_go_out_again(house: House) -> None:
    ssrc = house.watch("bob", chosen=Format(96, "VP8", 90_000, 1, "", frozenset({"nack"})))
    ((_, first),) = house.send(key(1))
    house.now = 1.0
    assert house.tell("bob", Nack(1, ssrc, (first.sequence_number,))) == [("bob", first)]


def test_malformed_reports_are_counted(house: House) -> None:
    house.watch("bob")
    assert house.router.receive_rtcp("bob", b"\x80\xc8", 0.0) == []
    assert house.router.statistics(0.0).drops["bob"]


# --- coming and going ---


def test_the_newest_publisher_is_offered_first_and_one_can_be_chosen(house: House) -> None:
    house.publish("eve", video_track())
    assert next(iter(house.router.published())) == "eve/v"
    assert set(house.router.published("ada")) == {"ada/v", "ada/a"}
    assert house.router.published("nobody") == {}


def test_who_leaves_gets_nothing_and_the_rest_goes_on(house: House) -> None:
    house.watch("bob")
    house.watch("eve")
    house.send(key(1))
    house.router.leave("bob")
    assert [outlet for outlet, _ in house.send(inter(2))] == ["eve"]
    silenced = house.router.leave("ada")
    assert {outlet for outlet, _ in silenced} == {"eve"}
    assert not house.router.empty
    house.router.leave("eve")
    assert house.router.empty


def test_the_size_of_a_picture_is_told_once(house: House) -> None:
    house.send(key(1))
    assert house.router.news() == [SizeSeen("ada", "v", "", 320, 240)]
    house.send(key(2, timestamp=9000))
    assert house.router.news() == []


def test_statistics_tell_what_was_sent(house: House) -> None:
    house.watch("bob")
    house.send(inter(1))
    house.send(key(2))
    (consumer,) = house.router.statistics(0.0).consumers["bob"]
    assert (consumer.packets, consumer.drops) == (1, {"waiting_for_key_frame": 1})
    producer = next(p for p in house.router.statistics(0.0).producers["ada"] if p.mid == "v")
    assert (producer.packets, producer.key_frames, producer.width) == (2, 1, 320)


# --- speech with redundancy ---

RED_OPUS = Format(111, "opus", 48_000, 2)
# RFC 2198, 3: a block of three bytes 960 samples ago, then the primary one.
REDUNDANT = b"\xef\x0f\x00\x03" + b"\x6f" + b"old" + b"\xfcnew"


@pytest.mark.parametrize(
    ("redundancy", "payload_type", "payload"), [(63, 63, REDUNDANT), (None, 111, b"\xfcnew")]
)
def test_redundancy_goes_on_to_who_takes_it_and_is_taken_off_for_others(
    redundancy: int | None, payload_type: int, payload: bytes
) -> None:
    house = House()
    known = Track("a", MediaKind.AUDIO, Codec.OPUS, RED_OPUS, {}, (5,), (), (), 63)
    house.publish("ada", known)
    subscription = Subscription("0", "ada/a", MediaKind.AUDIO, RED_OPUS, {}, {}, redundancy)
    house.router.subscribe("bob", [subscription], "bob")
    house.router.open("bob", 0.0)
    ((_, copy),) = house.send(rtp(REDUNDANT, payload_type=63, ssrc=5))
    assert (copy.payload_type, copy.payload) == (payload_type, payload)
    ((_, plain),) = house.send(rtp(b"\xfcplain", payload_type=111, ssrc=5, sequence_number=2))
    assert (plain.payload_type, plain.payload) == (111, b"\xfcplain")
    assert house.send(rtp(b"\xef\x0f", payload_type=63, ssrc=5, sequence_number=3)) == []


# --- publishers that tell nothing of each packet ---


@pytest.mark.parametrize(
    ("feedback", "extensions", "told"),
    [
        ({"goog-remb"}, {}, True),
        ({"goog-remb", "transport-cc"}, {TRANSPORT_SEQUENCE: 3}, False),
        (set(), {}, False),
    ],
)
def test_an_estimate_is_told_to_who_takes_nothing_better(
    feedback: set[str], extensions: dict[str, int], told: bool
) -> None:
    house = House()
    chosen = Format(96, "VP8", 90_000, 1, "", frozenset(feedback))
    house.publish("ada", Track("v", MediaKind.VIDEO, Codec.VP8, chosen, extensions, (SSRC,), ()))
    house.now = 5.0
    house.send(key(1))
    estimates = [packet for _, packet in house.due(ReceiverEstimate)]
    assert bool(estimates) is told
    if told:
        house.now += 1.5
        house.send(inter(2))
        (later,) = (packet for _, packet in house.due(ReceiverEstimate))
        assert isinstance(later, ReceiverEstimate)
        assert isinstance(estimates[0], ReceiverEstimate)
        assert later.bitrate_bps > estimates[0].bitrate_bps


class Ear:
    """Listens to a track of everything, and notes how much."""

    wanted, encoding = True, 0

    def __init__(self) -> None:
        self.heard = 0
        self.closed = False

    def receive(self, *_: object) -> None:
        self.heard += 1

    def close(self) -> None:
        self.closed = True


def test_a_track_is_listened_to_from_when_it_may_be_until_it_may_not(house: House) -> None:
    ears: dict[str, Ear] = {}

    def make(track: Track) -> Sequence[TapSink]:
        ears[track.mid] = Ear()
        return [cast("TapSink", ears[track.mid])]

    house.send(key(1))
    house.router.tap("ada", frozenset({"v"}), make)
    house.router.tap("ada", frozenset({"v"}), make)
    house.send(key(2))
    house.router.silence("ada", frozenset({"v"}))
    house.send(key(3))
    house.router.silence("ada", frozenset())
    house.router.tap("ada", frozenset(), make)
    house.send(key(4))
    assert ears.keys() == {"v"}
    assert (ears["v"].heard, ears["v"].closed) == (1, True)
