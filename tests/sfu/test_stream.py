"""How a publisher's packet becomes a viewer's, for each codec that has layers or encodings."""

from itertools import pairwise

import pytest

from sfu.codecs import Codec
from sfu.description import Format, MediaKind
from sfu.encoding import Arrival, Encoding
from sfu.layers import Layer
from sfu.publication import Track
from sfu.rtp import RtpPacket, parse_rtp
from sfu.stream import ChosenStream, Numbers, SharedStream
from sfu.subscription import Form
from tests import builders

NUMBERS = Numbers(0xABCD, 65_530, 0xFFFF_FF00)
NOW_S = 10.0
FORM = Form(100, 90_000, {})


def encoding(codec: Codec, index: int = 0) -> Encoding:
    chosen = Format(96, codec, 90_000)
    return Encoding(Track("v", MediaKind.VIDEO, codec, chosen, {}, (), ()), index, f"r{index}")


class Camera:
    """Packets of one encoding in order; a picture is a list of payloads."""

    def __init__(self, codec: Codec, index: int = 0) -> None:
        self.encoding = encoding(codec, index)
        self.sequence = 100 * index
        self.pictures = 0

    def picture(self, *payloads: bytes) -> list[Arrival]:
        arrivals = []
        for place, payload in enumerate(payloads):
            data = builders.rtp(
                payload,
                sequence_number=self.sequence,
                timestamp=(self.pictures + self.encoding.index) * 3000,
                ssrc=77 + self.encoding.index,
                marker=place == len(payloads) - 1,
            )
            self.sequence += 1
            arrival = self.encoding.receive(parse_rtp(data), NOW_S)
            assert arrival is not None
            arrivals.append(arrival)
        self.pictures += 1
        return arrivals


def sent(stream: ChosenStream | SharedStream, arrivals: list[Arrival]) -> list[RtpPacket]:
    prepared = [stream.prepare(arrival, NOW_S) for arrival in arrivals]
    return [parse_rtp(one.data) for one in prepared if one is not None]


def is_gapless(packets: list[RtpPacket]) -> bool:
    return all(
        (after.sequence_number - before.sequence_number) & 0xFFFF == 1
        for before, after in pairwise(packets)
    )


def svc(spatial: int, *, key: bool = False) -> bytes:
    layers = (0, False, spatial, spatial > 0)
    return builders.vp9(layers=layers, level_zero_index=1, inter_predicted=not key)


@pytest.mark.parametrize("spatial", [0, 1, 2])
def test_what_is_left_of_a_picture_ends_with_the_marker(spatial: int) -> None:
    camera = Camera(Codec.VP9)
    stream = ChosenStream(FORM, NUMBERS)
    stream.selector.aim(Layer(0, spatial, 0))
    got = sent(stream, camera.picture(*(svc(layer, key=True) for layer in range(3))))
    for _ in range(10):
        got += sent(stream, camera.picture(*(svc(layer) for layer in range(3))))
    assert len(got) == 11 * (spatial + 1)
    assert [packet.marker for packet in got] == ([False] * spatial + [True]) * 11
    assert is_gapless(got)
    assert {packet.payload_type for packet in got} == {100}


KEY_FRAMES = {
    Codec.H264: (b"\x67\x42\xe0\x1f\x8c\x8d\x40", b"\x65pixels"),
    Codec.VP8: (builders.vp8(builders.vp8_key_frame(64, 48), picture_id=7),),
    Codec.VP9: (builders.vp9(inter_predicted=False, picture_id=7),),
}
INTER_FRAMES = {
    Codec.H264: (b"\x41pixels",),
    Codec.VP8: (builders.vp8(picture_id=8),),
    Codec.VP9: (builders.vp9(picture_id=8),),
}


@pytest.mark.parametrize("codec", KEY_FRAMES)
def test_encodings_are_changed_with_a_key_frame_and_without_a_gap(codec: Codec) -> None:
    low, high = Camera(codec, 0), Camera(codec, 1)
    stream = ChosenStream(FORM, NUMBERS)
    stream.selector.aim(Layer(0))
    got = sent(stream, low.picture(*KEY_FRAMES[codec]))
    got += sent(stream, low.picture(*INTER_FRAMES[codec]))
    stream.selector.aim(Layer(1))
    assert sent(stream, high.picture(*INTER_FRAMES[codec])) == []
    got += sent(stream, low.picture(*INTER_FRAMES[codec]))
    got += sent(stream, high.picture(*KEY_FRAMES[codec]))
    assert sent(stream, low.picture(*INTER_FRAMES[codec])) == []
    got += sent(stream, high.picture(*INTER_FRAMES[codec]))
    assert is_gapless(got)
    steps = [(b.timestamp - a.timestamp) & 0xFFFF_FFFF for a, b in pairwise(got)]
    assert all(0 <= step < 90_000 for step in steps)
    assert {packet.ssrc for packet in got} == {NUMBERS.ssrc}


def test_a_part_goes_on_where_the_whole_was() -> None:
    camera = Camera(Codec.VP8)
    whole = SharedStream(FORM, NUMBERS)
    key_frame, inter = KEY_FRAMES[Codec.VP8], INTER_FRAMES[Codec.VP8]
    got = sent(whole, camera.picture(*key_frame))
    part = whole.part()
    part.go_on(Layer(0, 7, 7), camera.encoding)
    for _ in range(3):
        arrivals = camera.picture(*inter)
        alike = sent(whole, arrivals)
        assert sent(part, arrivals) == alike
        got += alike
    part.selector.aim(None)
    for _ in range(5):
        arrivals = camera.picture(*inter)
        assert sent(part, arrivals) == []
        sent(whole, arrivals)
    part.selector.aim(Layer(0))
    got += sent(part, camera.picture(*key_frame))
    assert is_gapless(got)


@pytest.mark.parametrize("kind", [SharedStream, ChosenStream])
def test_a_packet_that_is_left_out_late_is_replaced_by_an_empty_one(kind: type) -> None:
    """Its number was kept free, and later ones went out: the viewer would wait for it."""
    camera = Camera(Codec.VP8)
    stream = kind(FORM, NUMBERS)
    if isinstance(stream, ChosenStream):
        stream.selector.aim(Layer(0))
    got = sent(stream, camera.picture(*KEY_FRAMES[Codec.VP8]))
    late, after = (
        builders.rtp(payload, sequence_number=number, timestamp=3000, ssrc=77)
        for number, payload in ((1, b"\x10"), (2, INTER_FRAMES[Codec.VP8][0]))
    )
    for data in (after, late):
        arrival = camera.encoding.receive(parse_rtp(data), 0.1)
        assert arrival is not None
        got += sent(stream, [arrival])
    assert len(got) == 3
    assert sorted((p.sequence_number - got[0].sequence_number) & 0xFFFF for p in got) == [0, 1, 2]
    assert got[-1].payload == b""


def test_long_extensions_go_out_in_the_form_that_has_room_for_them() -> None:
    camera = Camera(Codec.VP8)
    stream = SharedStream(Form(100, 90_000, {9: 200}, sequence_id=3), NUMBERS)
    long = (0x1000, bytes((9, 20)) + bytes(20))
    payload = KEY_FRAMES[Codec.VP8][0]
    arrival = camera.encoding.receive(parse_rtp(builders.rtp(payload, ssrc=77, block=long)), 0.0)
    assert arrival is not None
    (packet,) = sent(stream, [arrival])
    assert packet.extensions == {200: bytes(20)}
