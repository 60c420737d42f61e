"""Whole encoded frames out of packets."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.codecs import PARSERS, Codec
from sfu.codecs.bits import read_leb128
from sfu.errors import RemoteError
from sfu.frames import MAX_FRAME_BYTES, MAX_WAIT_S, MAX_WAITING_PACKETS, Frame, FrameAssembler
from sfu.rtp import NO_EXTENSIONS, RtpPacket
from tests import builders
from tests.sfu import encoded

CHUNK = 20
DECODERS = {Codec.VP8: "vp8", Codec.VP9: "vp9", Codec.H264: "h264", Codec.AV1: "libdav1d"}


def chunks(data: bytes) -> list[bytes]:
    return [data[i : i + CHUNK] for i in range(0, len(data), CHUNK)]


def vp8_payloads(frame: bytes) -> list[bytes]:
    parts = chunks(frame)
    return [builders.vp8(part, start=index == 0) for index, part in enumerate(parts)]


def vp9_payloads(frame: bytes) -> list[bytes]:
    parts = chunks(frame)
    inter = frame[0] & 0x04 != 0  # `frame_type` of the uncompressed header, profile 0
    return [
        builders.vp9(part, start=i == 0, end=i == len(parts) - 1, inter_predicted=inter)
        for i, part in enumerate(parts)
    ]


def h264_payloads(frame: bytes) -> list[bytes]:
    units = [unit.rstrip(b"\0") for unit in frame.split(b"\0\0\1") if unit.strip(b"\0")]
    parameters = [unit for unit in units if unit[0] & 0x1F in {7, 8}]
    slices = [unit for unit in units if unit[0] & 0x1F in {1, 5}]
    payloads = [builders.h264_aggregate(*parameters)] if parameters else []
    for unit in slices:
        payloads += builders.h264_fragments(unit, CHUNK)
    return payloads


def av1_payloads(frame: bytes) -> list[bytes]:
    """As libwebrtc packs them: no delimiter, no sizes inside units, packets that are full."""
    data = b"".join(bytes((len(unit),)) + unit for unit in av1_units(frame))
    payloads, position, left = [], 0, 0
    while position < len(data):
        continues, packet = left > 0, b""
        while position < len(data) and len(packet) < CHUNK:
            if not left:
                left, position = data[position], position + 1
            taken = data[position : position + min(left, CHUNK)]
            packet += bytes((len(taken),)) + taken
            position, left = position + len(taken), left - len(taken)
        sequence = not payloads and frame[2] >> 3 == 1
        payloads.append(bytes((continues << 7 | (left > 0) << 6 | sequence << 3,)) + packet)
    return payloads


def av1_units(frame: bytes) -> list[bytes]:
    """Without their sizes, and without the delimiter before them."""
    units, position = [], 2
    while position < len(frame):
        size, begin = read_leb128(frame, position + 1)
        units.append(bytes((frame[position] & ~0x02,)) + frame[begin : begin + size])
        position = begin + size
    return units


ENCODED = {
    Codec.VP8: (encoded.vp8, vp8_payloads),
    Codec.VP9: (encoded.vp9, vp9_payloads),
    Codec.H264: (encoded.h264, h264_payloads),
    Codec.AV1: (encoded.av1, av1_payloads),
}


def packet(payload: bytes, timestamp: int, *, marker: bool = False) -> RtpPacket:
    return RtpPacket(96, marker, 0, timestamp, 1, NO_EXTENSIONS, payload)


def packets_of(codec: Codec, *, count: int = 5, gop: int = 1000) -> list[RtpPacket]:
    """The packets of `count` pictures, the first of each `gop` a key frame."""
    encode, payloads_of = ENCODED[codec]
    pictures = [encode(width=64, height=48)[index % gop] for index in range(count)]
    packets = []
    for index, picture in enumerate(pictures):
        payloads = payloads_of(picture)
        last = len(payloads) - 1
        packets += [packet(p, 3000 * index, marker=i == last) for i, p in enumerate(payloads)]
    return packets


def assemble(
    codec: Codec, arrivals: list[tuple[int, RtpPacket]], *, step_s: float = 0.001
) -> list[Frame]:
    assembler = FrameAssembler(codec)
    frames = []
    for order, (extended, arrived) in enumerate(arrivals):
        description = PARSERS[codec](arrived.payload) if arrived.payload else None
        frames += assembler.receive(extended, arrived, description, 1000 + order * step_s)
    return frames


@pytest.mark.parametrize("codec", DECODERS)
def test_a_decoder_understands_every_frame(codec: Codec) -> None:
    frames = assemble(codec, list(enumerate(packets_of(codec))))
    assert [frame.key_frame for frame in frames] == [True, False, False, False, False]
    assert [frame.timestamp for frame in frames] == [0, 3000, 6000, 9000, 12000]
    decoded = encoded.decoded_sizes(DECODERS[codec], [frame.data for frame in frames])
    assert decoded == [(64, 48)] * 5


@pytest.mark.parametrize(
    ("codec", "encode"),
    [(Codec.VP8, encoded.vp8), (Codec.VP9, encoded.vp9), (Codec.AV1, encoded.av1)],
)
def test_a_frame_is_the_bytes_of_the_encoder(codec: Codec, encode) -> None:
    frames = assemble(codec, list(enumerate(packets_of(codec))))
    assert tuple(frame.data for frame in frames) == encode(width=64, height=48)


def test_a_key_frame_that_lost_its_parameter_sets_is_none() -> None:
    packets = packets_of(Codec.H264, count=12, gop=4)
    arrivals = list(enumerate(packets))
    parameters = next(n for n, arrived in arrivals if arrived.timestamp == 4 * 3000)
    del arrivals[parameters]
    frames = assemble(Codec.H264, arrivals, step_s=0.1)
    assert [frame.timestamp // 3000 for frame in frames] == [0, 1, 2, 3, 8, 9, 10, 11]


@pytest.mark.parametrize("codec", [Codec.VP8, Codec.H264, Codec.AV1])
def test_frames_carry_the_size_that_the_key_frame_announced(codec: Codec) -> None:
    frames = assemble(codec, list(enumerate(packets_of(codec))))
    assert {(frame.width, frame.height) for frame in frames} == {(64, 48)}


WHOLE = {
    codec: assemble(codec, list(enumerate(packets_of(codec, count=12, gop=4))))
    for codec in DECODERS
}


@st.composite
def bad_networks(draw: st.DrawFn) -> tuple[Codec, list[tuple[int, RtpPacket]]]:
    codec = draw(st.sampled_from(list(DECODERS)))
    packets = packets_of(codec, count=12, gop=4)
    count = len(packets)
    fates = draw(st.lists(st.sampled_from([1] * 12 + [0, 2]), min_size=count, max_size=count))
    delays = draw(st.lists(st.integers(0, 9), min_size=count, max_size=count))
    order = sorted(
        (index + delays[index] * copy, index)
        for index in range(count)
        for copy in range(1, fates[index] + 1)
    )
    return codec, [(1000 + index, packets[index]) for _, index in order]


@given(bad_networks(), st.sampled_from([0.0, 0.01, 0.1]))
def test_only_whole_frames_that_a_decoder_can_follow_come_out_of_any_loss_and_order(
    network: tuple[Codec, list[tuple[int, RtpPacket]]], step_s: float
) -> None:
    codec, arrivals = network
    frames = assemble(codec, arrivals, step_s=step_s)
    known = {frame.timestamp: frame for frame in WHOLE[codec]}
    for frame in frames:
        original = known[frame.timestamp]
        assert (frame.data, frame.key_frame) == (original.data, original.key_frame)
        assert frame.data
    assert not frames or frames[0].key_frame
    for old, new in pairwise(frames):
        assert new.timestamp > old.timestamp
        missing = new.timestamp - old.timestamp != 3000
        assert new.key_frame or not missing
        # A gap was seen, unless the network lost the very first packets.
        assert new.follows_loss or not missing


hostile_payloads = st.one_of(
    st.binary(max_size=12),
    st.builds(builders.vp8, st.binary(max_size=4), start=st.booleans()),
    st.builds(
        builders.vp9, st.binary(max_size=4), start=st.booleans(), inter_predicted=st.booleans()
    ),
    st.builds(builders.h264_aggregate, st.binary(max_size=4), st.binary(max_size=4)),
    st.just(builders.vp8(builders.vp8_key_frame(16, 16, b""))),
    st.just(b"\x65\x88"),
    st.just(b"\x78"),
)


@given(
    st.sampled_from([*DECODERS, Codec.OPUS]),
    st.lists(
        st.tuples(st.integers(0, 30), hostile_payloads, st.integers(0, 3), st.booleans()),
        max_size=40,
    ),
)
def test_whatever_comes_no_frame_is_empty(
    codec: Codec, arrivals: list[tuple[int, bytes, int, bool]]
) -> None:
    assembler = FrameAssembler(codec)
    for extended, payload, timestamp, marker in arrivals:
        try:
            description = PARSERS[codec](payload) if payload else None
        except RemoteError:
            continue
        arrived = packet(payload, timestamp, marker=marker)
        for frame in assembler.receive(extended, arrived, description, 0.0):
            assert frame.data


@pytest.mark.parametrize("codec", DECODERS)
def test_reordering_loses_nothing(codec: Codec) -> None:
    arrivals = list(enumerate(packets_of(codec)))
    # The first packet stays first: from it on there is an order to restore.
    shuffled = arrivals[:1] + [arrivals[1:][i ^ 1] for i in range((len(arrivals) - 1) // 2 * 2)]
    frames = assemble(codec, shuffled)
    assert len(frames) >= 4
    assert not any(frame.follows_loss for frame in frames)


def test_a_lost_packet_is_waited_for_and_then_given_up_until_a_key_frame() -> None:
    packets = packets_of(Codec.VP8, count=8, gop=4)
    arrivals = [(i, p) for i, p in enumerate(packets) if p.timestamp != 3000]
    assembler = FrameAssembler(Codec.VP8)
    now, frames, asked = 0.0, [], []
    for extended, arrived in arrivals:
        now += 0.1
        frames += assembler.receive(extended, arrived, PARSERS[Codec.VP8](arrived.payload), now)
        asked.append(assembler.needs_key_frame)
    assert [frame.timestamp for frame in frames] == [0, 12000, 15000, 18000, 21000]
    assert [frame.follows_loss for frame in frames] == [False, True, False, False, False]
    assert True in asked[5:]
    assert asked[-1] is False
    assert assembler.lost_packets == len(packets) - len(arrivals)


def test_a_lost_packet_that_comes_in_time_spoils_nothing() -> None:
    arrivals = list(enumerate(packets_of(Codec.VP8)))
    late = arrivals.pop(4)
    assert len(assemble(Codec.VP8, [*arrivals[:20], late, *arrivals[20:]])) == 5


def test_what_is_waited_for_is_bounded() -> None:
    assembler = FrameAssembler(Codec.VP8)
    part = PARSERS[Codec.VP8](builders.vp8())
    assembler.receive(0, packet(b"x", 0), part, 0.0)
    for number in range(2, 5000):
        assembler.receive(number * 2, packet(b"x", 0), part, 0.0)
        assert len(assembler._waiting) <= MAX_WAITING_PACKETS


def test_a_frame_without_end_is_dropped() -> None:
    assembler = FrameAssembler(Codec.VP8)
    first = builders.vp8(builders.vp8_key_frame(64, 48))
    rest = builders.vp8(bytes(10_000), start=False)
    kept = 0
    for number in range(MAX_FRAME_BYTES // 10_000 + 50):
        payload = rest if number else first
        part = PARSERS[Codec.VP8](payload)
        assert assembler.receive(number, packet(payload, 0), part, 0.0) == []
        kept = max(kept, sum(map(len, assembler._picture.parts)))
    assert kept <= MAX_FRAME_BYTES + 10_000
    last = PARSERS[Codec.VP8](rest)
    assert assembler.receive(number + 1, packet(rest, 0, marker=True), last, 0.0) == []


def test_a_missing_marker_ends_no_frame_too_late() -> None:
    packets = packets_of(Codec.VP8)
    without = [packet(p.payload, p.timestamp) for p in packets]
    frames = assemble(Codec.VP8, list(enumerate(without)))
    assert [frame.data for frame in frames] == list(encoded.vp8(width=64, height=48))[:4]


def test_a_probe_fills_its_place_and_makes_no_frame() -> None:
    packets = packets_of(Codec.VP8, count=2)
    probed = [packets[0], packet(b"", 0), *packets[1:], packet(b"", 3000, marker=True)]
    assert len(assemble(Codec.VP8, list(enumerate(probed)))) == 2


def test_joining_in_the_middle_of_a_picture_waits_for_a_key_frame() -> None:
    packets = packets_of(Codec.H264, count=8, gop=4)
    frames = assemble(Codec.H264, list(enumerate(packets))[2:])
    assert [frame.timestamp for frame in frames] == [12000, 15000, 18000, 21000]


@pytest.mark.parametrize(
    ("sizes", "index"),
    [
        ((5, 255), "c1 05 ff c1"),
        ((300, 5), "c9 2c01 0500 c9"),
        ((5, 70_000, 9), "d2 050000 701101 090000 d2"),
    ],
)
def test_vp9_superframes_say_how_long_each_layer_is(sizes: tuple[int, ...], index: str) -> None:
    last = len(sizes) - 1
    arrivals = [
        (layer, packet(builders.vp9(bytes(size), inter_predicted=False), 0, marker=layer == last))
        for layer, size in enumerate(sizes)
    ]
    (frame,) = assemble(Codec.VP9, arrivals)
    assert frame.data == bytes(sum(sizes)) + bytes.fromhex(index)


def test_vp9_spatial_layers_of_one_picture_become_a_superframe() -> None:
    first, second, *_ = encoded.vp9(width=64, height=48)
    payloads = [
        builders.vp9(first, layers=(0, False, 0, False), level_zero_index=1, inter_predicted=False),
        builders.vp9(second, layers=(0, False, 1, True), level_zero_index=1),
    ]
    arrivals = [(0, packet(payloads[0], 0)), (1, packet(payloads[1], 0, marker=True))]
    (frame,) = assemble(Codec.VP9, arrivals)
    assert frame.data.startswith(first + second)
    assert encoded.decoded_sizes("vp9", [frame.data]) == [(64, 48)] * 2


def test_vp9_with_more_layers_than_there_are_makes_no_frame() -> None:
    payload = builders.vp9(b"data", inter_predicted=False)
    arrivals = [(i, packet(payload, 0, marker=i == 8)) for i in range(9)]
    assert assemble(Codec.VP9, arrivals) == []
    assert len(assemble(Codec.VP9, [*arrivals[1:]])) == 1


def test_speech_is_a_frame_each_and_silence_none() -> None:
    payloads = [b"\x78" + bytes(60), b"\x78", b"\x78\0", b"\x78" + bytes(50)]
    arrivals = [(i, packet(p, 960 * i, marker=i == 0)) for i, p in enumerate(payloads)]
    frames = assemble(Codec.OPUS, arrivals)
    assert [(frame.timestamp, len(frame.data)) for frame in frames] == [(0, 61), (2880, 51)]
    assert all(frame.codec is Codec.OPUS for frame in frames)


def test_speech_goes_on_soon_after_a_loss() -> None:
    assembler = FrameAssembler(Codec.OPUS)
    frames = []
    for number in (0, 1, 3, 4, 5, 6, 7):
        sound = packet(b"\x78" + bytes(60), 960 * number)
        description = PARSERS[Codec.OPUS](sound.payload)
        frames += assembler.receive(number, sound, description, 0.02 * number)
    assert [frame.timestamp // 960 for frame in frames] == [0, 1, 3, 4, 5, 6, 7]
    assert [frame.follows_loss for frame in frames] == [False, False, True] + [False] * 4
    assert not assembler.needs_key_frame


@pytest.mark.parametrize(
    "payloads",
    [
        pytest.param([b"\x00\x02\x80\x01"], id="no header"),
        pytest.param([b"\x40\x02\x30\x01"], id="goes on, and nothing follows"),
        pytest.param([b"\x00\x02\x30\x01", b"\x80\x02\x30\x01"], id="follows on nothing"),
        pytest.param([b"\x40\x02\x30\x01", b"\x00\x02\x30\x01"], id="does not follow"),
        pytest.param([b"\x00\x02\x30\x01", b"\x00\x7f\x30\x01"], id="cut off"),
        pytest.param([b"\x00\x02\x12\x00\x02\x7a\x00"], id="nothing of a picture"),
        pytest.param([b"\x50\x30"] + [b"\xd0" + bytes(60_000)] * 40, id="endless"),
    ],
)
def test_no_frame_of_av1_is_made_of_what_is_none(payloads: list[bytes]) -> None:
    parts = [packet(one, 99, marker=one is payloads[-1]) for one in payloads]
    good = packets_of(Codec.AV1)
    arrivals = list(enumerate([*good, *parts, *packets_of(Codec.AV1)]))
    frames = assemble(Codec.AV1, arrivals)
    assert len(frames) == len(assemble(Codec.AV1, list(enumerate(good * 2))))
    assert len(encoded.decoded_sizes("libdav1d", [frame.data for frame in frames])) == 10


def test_the_wait_is_longer_than_a_retransmission_takes() -> None:
    assert MAX_WAIT_S > 0.2
