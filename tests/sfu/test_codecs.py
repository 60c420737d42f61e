"""What payloads say of themselves."""

import re

import pytest
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import VpxPayloadDescriptor
from hypothesis import given
from hypothesis import strategies as st

from sfu.codecs import PARSERS, Codec
from sfu.codecs.av1 import Av1, parse_av1, parse_dependency_descriptor
from sfu.codecs.bits import BitReader, read_leb128
from sfu.codecs.h264 import annex_b, parse_h264, parse_size
from sfu.codecs.opus import RedundantBlock, parse_opus, parse_redundancy
from sfu.codecs.vp8 import parse_vp8
from sfu.codecs.vp9 import parse_vp9
from sfu.errors import DropReason, RemoteError
from tests import builders
from tests.sfu import encoded

KEY = builders.vp8_key_frame(640, 480)


def refuse(parse, payload: bytes) -> None:
    with pytest.raises(RemoteError) as caught:
        parse(payload)
    assert caught.value.reason is DropReason.BAD_PAYLOAD


@pytest.mark.parametrize("codec", Codec)
def test_every_codec_has_a_parser_that_refuses_nothing_at_all(codec: Codec) -> None:
    refuse(PARSERS[codec], b"")


# --- VP8 ---

vp8_forms = st.fixed_dictionaries(
    {},
    optional={
        "picture_id": st.integers(0, 0x7FFF),
        "level_zero_index": st.integers(0, 255),
        "temporal": st.tuples(st.integers(0, 3), st.booleans()),
        "key_index": st.integers(0, 31),
        "start": st.booleans(),
        "partition": st.integers(0, 7),
    },
)


@given(vp8_forms, st.integers(0, 0x7FFF), st.integers(0, 255))
def test_vp8_numbers_can_be_written_anew(form: dict, picture_id: int, index: int) -> None:
    old = parse_vp8(builders.vp8(**form))
    if "picture_id" in form:
        form["picture_id"] = picture_id
    if "level_zero_index" in form:
        form["level_zero_index"] = index
    assert old.renumbered(picture_id, index) + old.body == builders.vp8(**form)


@given(st.integers(0, 127), st.integers(0, 0x7FFF))
def test_vp8_short_picture_ids_stay_short(old_id: int, new_id: int) -> None:
    payload = builders.vp8(picture_id=old_id, long_picture_id=False, temporal=(1, True))
    description = parse_vp8(payload)
    assert (description.picture_id, description.picture_id_bits) == (old_id, 7)
    renumbered = parse_vp8(description.renumbered(new_id, 0) + description.body)
    assert renumbered.picture_id == new_id & 0x7F
    assert (renumbered.temporal_id, renumbered.layer_sync) == (1, True)


@given(vp8_forms)
def test_vp8_descriptors_say_what_another_implementation_wrote(form: dict) -> None:
    theirs = VpxPayloadDescriptor(
        partition_start=form.get("start", True),
        partition_id=form.get("partition", 0),
        picture_id=form.get("picture_id"),
        tl0picidx=form.get("level_zero_index"),
        tid=form.get("temporal"),
        keyidx=form.get("key_index"),
    )
    ours = parse_vp8(bytes(theirs) + b"\x01data")
    assert (ours.descriptor, ours.body) == (bytes(theirs), b"\x01data")
    assert ours.picture_id == form.get("picture_id")
    assert ours.level_zero_index == form.get("level_zero_index")
    assert (ours.temporal_id, ours.layer_sync) == form.get("temporal", (0, False))
    assert ours.starts_frame == (form.get("start", True) and form.get("partition", 0) == 0)


@pytest.mark.parametrize(
    ("payload", "key_frame", "size"),
    [
        (builders.vp8(KEY), True, (640, 480)),
        (builders.vp8(builders.vp8_key_frame(0xC000 | 320, 0x4000 | 240)), True, (320, 240)),
        (builders.vp8(KEY, start=False), False, (0, 0)),
        (builders.vp8(KEY, partition=1), False, (0, 0)),
        (builders.vp8(b"\x01data"), False, (0, 0)),
    ],
)
def test_vp8_key_frames_and_their_sizes(
    payload: bytes, key_frame: bool, size: tuple[int, int]
) -> None:
    description = parse_vp8(payload)
    assert description.key_frame is key_frame
    assert (description.width, description.height) == size


@pytest.mark.parametrize(
    "payload",
    [
        b"\x80",
        b"\x90\x80",
        b"\x90\x80\x80",
        b"\x90\x40",
        b"\x90\x20",
        b"\x90\xf0\x80\x01\x02",
        # F3: nothing after the descriptor.
        b"\x10",
        builders.vp8(b"", picture_id=5, level_zero_index=1, temporal=(0, False)),
        builders.vp8(KEY[:9]),
        builders.vp8(KEY.replace(b"\x9d", b"\x9c")),
    ],
)
def test_vp8_malformed_payloads_are_refused(payload: bytes) -> None:
    refuse(parse_vp8, payload)


def test_vp8_frames_of_a_real_encoder() -> None:
    descriptions = [parse_vp8(b"\x10" + frame) for frame in encoded.vp8(width=66, height=50)]
    assert [d.key_frame for d in descriptions] == [True, False, False, False, False]
    assert (descriptions[0].width, descriptions[0].height) == (66, 50)


# --- VP9 ---


def structure(sizes: list[tuple[int, int]], group: bytes = b"") -> bytes:
    head = (len(sizes) - 1) << 5 | 0x10 | bool(group) << 3
    body = b"".join(w.to_bytes(2, "big") + h.to_bytes(2, "big") for w, h in sizes)
    return bytes((head,)) + body + group


GROUP_OF_THREE = bytes((3, 0b000_1_01_00, 1, 0b010_0_10_00, 1, 2, 0b001_0_00_00))


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({}, {"picture_id": None, "temporal_id": 0, "spatial_id": 0, "key_frame": False}),
        ({"picture_id": 5}, {"picture_id": 5}),
        ({"picture_id": 0x7FFF}, {"picture_id": 0x7FFF}),
        (
            {"layers": (2, True, 1, True), "level_zero_index": 200},
            {
                "temporal_id": 2,
                "switching_up": True,
                "spatial_id": 1,
                "inter_layer_predicted": True,
                "level_zero_index": 200,
            },
        ),
        (
            {"layers": (1, False, 0, False), "references": (1, 2, 3)},
            {"temporal_id": 1, "level_zero_index": None, "switching_up": False},
        ),
        ({"inter_predicted": False}, {"key_frame": True}),
        ({"inter_predicted": False, "start": False}, {"key_frame": False}),
        (
            {"inter_predicted": False, "layers": (0, False, 1, True), "level_zero_index": 1},
            {"key_frame": False, "spatial_id": 1},
        ),
        (
            {"end": False, "not_reference": True},
            {"ends_frame": False, "reference_for_upper": False},
        ),
        (
            {"inter_predicted": False, "structure": structure([(320, 180), (1280, 720)])},
            {"sizes": ((320, 180), (1280, 720)), "width": 1280, "height": 720},
        ),
        (
            {"inter_predicted": False, "structure": structure([(320, 180)], GROUP_OF_THREE)},
            {"sizes": ((320, 180),)},
        ),
    ],
)
def test_vp9_descriptors(form: dict, expected: dict) -> None:
    description = parse_vp9(builders.vp9(**form))
    assert description.body == b"data"
    assert {name: getattr(description, name) for name in expected} == expected


@pytest.mark.parametrize(
    "payload",
    [
        b"\x80",
        b"\x80\x80",
        b"\x20",
        b"\x20\x00",
        builders.vp9(b""),
        builders.vp9(references=(1, 2, 3, 4), layers=(0, False, 0, False)),
        b"\x02\xff\x01\x02",
        b"\x02\x08\x05\x0c\x01",
        builders.vp9(b"", structure=structure([(320, 180)])),
    ],
)
def test_vp9_malformed_payloads_are_refused(payload: bytes) -> None:
    refuse(parse_vp9, payload)


# --- H.264 ---


def units_of(frame: bytes) -> list[bytes]:
    return [unit for unit in re.split(rb"\0{2,3}\x01", frame) if unit]


@pytest.mark.parametrize("profile", ["baseline", "main", "high"])
@pytest.mark.parametrize("size", [(64, 48), (66, 50), (1280, 720), (1918, 1078)])
def test_h264_size_of_a_real_encoders_parameter_set(profile: str, size: tuple[int, int]) -> None:
    frames = encoded.h264(profile, width=size[0], height=size[1], count=1)
    unit = next(unit for unit in units_of(frames[0]) if unit[0] & 0x1F == 7)
    assert parse_size(unit) == size
    description = parse_h264(unit)
    assert description.key_frame
    assert (description.width, description.height) == size


def parameter_set(*fields: tuple[int, int], profile: int = 66) -> bytes:
    return b"\x67" + builders.bits((profile, 8), (0, 16), builders.exp_golomb(0), *fields)


_ue = builders.exp_golomb


def test_h264_interlaced_cropped_high_profile_with_scaling_lists() -> None:
    chroma = (_ue(1), _ue(0), _ue(0), (0, 1), (1, 1))
    # One list that stops at once (8 + -8 is 0), seven that are absent.
    lists = ((1, 1), _ue(16), (0, 7))
    order = (_ue(1), (0, 1), _ue(0), _ue(0), _ue(2), _ue(3), _ue(4))
    picture = (_ue(2), (0, 1), _ue(119), _ue(33), (0, 1), (0, 1), (1, 1))
    crop = ((1, 1), _ue(0), _ue(0), _ue(0), _ue(2))
    unit = parameter_set(*chroma, *lists, _ue(0), *order, *picture, *crop, profile=100)
    assert parse_size(unit) == (1920, 1080)


@pytest.mark.parametrize(
    "fields",
    [
        (_ue(0), _ue(2), _ue(1), (0, 1), _ue(5000), _ue(10), (1, 1), (0, 2), (1, 1)),
        (_ue(0), _ue(1), (0, 1), _ue(0), _ue(0), _ue(300)),
        (_ue(0), _ue(2), _ue(1), (0, 1), _ue(0), _ue(0), (1, 1), (0, 1), (1, 1), *[_ue(9)] * 4),
        ((0, 80),),
    ],
)
def test_h264_impossible_parameter_sets_are_refused(fields: tuple) -> None:
    refuse(parse_size, parameter_set(*fields))


SPS = next(u for u in units_of(encoded.h264(width=64, height=48)[0]) if u[0] & 0x1F == 7)
IDR = b"\x65" + bytes(range(100))
SLICE = b"\x41" + bytes(range(100))


@pytest.mark.parametrize(
    ("payload", "key_frame", "size"),
    [
        (SLICE, False, (0, 0)),
        (IDR, True, (0, 0)),
        (SPS, True, (64, 48)),
        (builders.h264_aggregate(b"\x09\x10", SPS, b"\x68\xce\x3c\x80"), True, (64, 48)),
        (builders.h264_aggregate(SPS, IDR), True, (64, 48)),
        (builders.h264_aggregate(SLICE, SLICE), False, (0, 0)),
        (builders.h264_fragments(IDR, 40)[0], True, (0, 0)),
        (builders.h264_fragments(IDR, 40)[1], False, (0, 0)),
        (builders.h264_fragments(SLICE, 40)[0], False, (0, 0)),
    ],
)
def test_h264_key_frames(payload: bytes, key_frame: bool, size: tuple[int, int]) -> None:
    description = parse_h264(payload)
    assert description.key_frame is key_frame
    assert (description.width, description.height) == size


@pytest.mark.parametrize(
    "payload",
    [
        b"\x65",
        b"\x7c\x85",
        b"\x78\x00",
        b"\x78\x00\x00",
        b"\x78\x00\x05ab",
        b"\x79\x00\x00ab",
        b"\x7d\x85ab",
        b"\x60ab",
        b"\x7fab",
        b"\x67\x42",
    ],
)
def test_h264_malformed_payloads_are_refused(payload: bytes) -> None:
    refuse(parse_h264, payload)


def test_h264_payloads_of_another_implementation_give_back_the_stream() -> None:
    units = [SPS, b"\x68\xce\x3c\x80", b"\x65" + bytes(5000), b"\x41" + bytes(10)]
    payloads = H264Encoder._packetize(iter(units))
    assert len(payloads) > 4
    assert units_of(b"".join(annex_b(payload) for payload in payloads)) == units


@given(st.binary(min_size=2, max_size=300).filter(lambda u: 0 < u[0] & 31 < 24))
def test_h264_fragments_give_back_the_unit(unit: bytes) -> None:
    whole = b"".join(annex_b(part) for part in builders.h264_fragments(unit, 7))
    assert whole == b"\0\0\0\1" + unit


# --- AV1 ---

# 64 x 48, from a real encoder; a size of its own stands in the unit.
AV1_SEQUENCE = bytes.fromhex("0a0a00000002aff7895f2008")
AV1_FRAME = bytes.fromhex("323410009680104082")


def av1_sequence(width: int, height: int, *middle: tuple[int, int]) -> bytes:
    size = ((15, 4), (15, 4), (width - 1, 16), (height - 1, 16))
    return b"\x08" + builders.bits((0, 4), *middle, *size)


NO_TIMING = ((0, 1), (0, 1), (0, 1), (0, 5), (0, 12), (0, 5))
TIMING = ((0, 1), (1, 1), (7, 32), (7, 32), (1, 1), *((0, 1), (1, 1), (0, 1)), (1, 1))
MODEL = ((9, 5), (1, 32), (3, 5), (3, 5))
TWO_POINTS = ((1, 1), (1, 5), (1, 12), (8, 5), (1, 1), (1, 1), (0, 21), (1, 1), (5, 4))
LAST_POINT = ((2, 12), (7, 5), (0, 1), (0, 1))


@pytest.mark.parametrize(
    ("unit", "size"),
    [
        (AV1_SEQUENCE, (64, 48)),
        (av1_sequence(640, 360, (1, 1), (4, 5)), (640, 360)),
        (av1_sequence(640, 360, *NO_TIMING), (640, 360)),
        (av1_sequence(1920, 1080, *TIMING, *MODEL, *TWO_POINTS, *LAST_POINT), (1920, 1080)),
        (b"\x0c\x20" + av1_sequence(640, 360, *NO_TIMING)[1:], (640, 360)),
    ],
)
def test_av1_size_of_a_new_sequence(unit: bytes, size: tuple[int, int]) -> None:
    counted = bytes((0x28, len(unit))) + unit + AV1_FRAME
    measured = bytes((0x08, len(unit))) + unit + bytes((len(AV1_FRAME),)) + AV1_FRAME
    for payload in (counted, measured):
        description = parse_av1(payload)
        assert description.key_frame
        assert (description.width, description.height) == size


@pytest.mark.parametrize("before", [1, 2])
@pytest.mark.parametrize("counted", [True, False])
def test_av1_finds_the_sequence_behind_other_units(before: int, counted: bool) -> None:
    # Units of metadata (type 5), the second of which has the extension byte.
    others = [b"\x28ab", b"\x2c\x20abc"][:before]
    units = [*others, AV1_SEQUENCE]
    payload = b"".join(bytes((len(unit),)) + unit for unit in units[:-1])
    payload += AV1_SEQUENCE if counted else bytes((len(AV1_SEQUENCE),)) + AV1_SEQUENCE
    description = parse_av1(bytes((0x08 | len(units) * counted << 4,)) + payload)
    assert (description.width, description.height) == (64, 48)


def test_av1_a_sequence_without_its_header_is_still_a_key_frame() -> None:
    assert parse_av1(b"\x18" + AV1_FRAME) == Av1(True, False, False)
    assert parse_av1(b"\x58" + AV1_FRAME) == Av1(True, False, True)
    assert parse_av1(b"\x18" + AV1_SEQUENCE) == Av1(True, False, False, 64, 48)
    # An empty unit is odd and harmless.
    assert parse_av1(b"\x08\x00" + bytes((len(AV1_SEQUENCE),)) + AV1_SEQUENCE).width == 64


def test_av1_continuations() -> None:
    assert parse_av1(b"\x10" + AV1_FRAME) == Av1(False, False, False)
    assert parse_av1(b"\x90" + AV1_FRAME) == Av1(False, True, False)
    assert parse_av1(b"\x50a") == Av1(False, False, True)
    assert not parse_av1(b"\x10" + AV1_FRAME).key_frame
    description = parse_av1(b"\xd0" + AV1_FRAME)
    assert (description.continues, description.goes_on) == (True, True)


@pytest.mark.parametrize(
    "payload",
    [
        b"\x08",
        b"\x88" + AV1_SEQUENCE,
        b"\x08\xff",
        b"\x08\x20" + AV1_SEQUENCE,
        b"\x18\x08",
        b"\x18" + AV1_SEQUENCE[:6],
        b"\x08" + b"\xff" * 20,
    ],
)
def test_av1_malformed_payloads_are_refused(payload: bytes) -> None:
    refuse(parse_av1, payload)


def test_av1_dependency_descriptor() -> None:
    short = parse_dependency_descriptor(bytes((0b10_000101, 0x12, 0x34)))
    assert (short.starts_frame, short.ends_frame) == (True, False)
    assert (short.template_id, short.frame_number, short.has_structure) == (5, 0x1234, False)
    assert parse_dependency_descriptor(bytes((0x40, 0, 1, 0x80))).has_structure
    assert not parse_dependency_descriptor(bytes((0x40, 0, 1, 0x40))).has_structure
    with pytest.raises(RemoteError):
        parse_dependency_descriptor(b"\1\2")


# --- Opus ---


@pytest.mark.parametrize(
    ("payload", "samples", "silent"),
    [
        (b"\x78" + bytes(50), 960, False),
        (b"\x78", 960, True),
        (b"\x78\0", 960, True),
        (b"\x08" + bytes(50), 960, False),
        (b"\x18" + bytes(50), 2880, False),
        (b"\x80" + bytes(50), 120, False),
        (b"\x79" + bytes(50), 1920, False),
        (b"\x7a" + bytes(50), 1920, False),
        (b"\x7b\x06" + bytes(50), 5760, False),
        (b"\x83\x30" + bytes(50), 5760, False),
    ],
)
def test_opus_durations_and_silence(payload: bytes, samples: int, silent: bool) -> None:
    description = parse_opus(payload)
    assert (description.duration_samples, description.silent) == (samples, silent)


@pytest.mark.parametrize("payload", [b"\x7b", b"\x7b\x00ab", b"\x7b\x07ab", b"\x1b\x03ab"])
def test_opus_impossible_durations_are_refused(payload: bytes) -> None:
    refuse(parse_opus, payload)


def test_opus_redundant_blocks() -> None:
    payload = bytes((0x80 | 111, 960 >> 6, (960 & 0x3F) << 2, 3)) + b"\x6foldnewest"
    assert parse_redundancy(payload) == (
        RedundantBlock(111, 960, b"old"),
        RedundantBlock(111, 0, b"newest"),
    )
    assert parse_redundancy(b"\x6fonly") == (RedundantBlock(111, 0, b"only"),)


@pytest.mark.parametrize(
    "payload", [b"", b"\xef", b"\xef\0\0", b"\xef\0\0\3", b"\xef\0\0\3\x6fab", b"\xef\0\0\0" * 9]
)
def test_opus_redundant_blocks_that_do_not_add_up_are_refused(payload: bytes) -> None:
    refuse(parse_redundancy, payload)


# --- bits ---


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, (1 << 40) - 1)), max_size=20))
def test_numbers_of_odd_widths_come_back(fields: list[tuple[int, int]]) -> None:
    cut = [(value & (1 << width) - 1, width) for width, value in fields]
    reader = BitReader(builders.bits(*cut))
    assert [reader.bits(width) for _, width in cut] == [value for value, _ in cut]


@given(st.lists(st.integers(0, (1 << 32) - 2)))
def test_exponential_codes_come_back(values: list[int]) -> None:
    reader = BitReader(builders.bits(*map(builders.exp_golomb, values)))
    assert [reader.unsigned() for _ in values] == values


def test_signed_codes_alternate() -> None:
    reader = BitReader(builders.bits(*map(builders.exp_golomb, range(5))))
    assert [reader.signed() for _ in range(5)] == [0, 1, -1, 2, -2]


@pytest.mark.parametrize(
    ("data", "value", "end"),
    [
        (b"\x05", 5, 1),
        (b"\xe5\x8e\x26", 624485, 3),
        (b"\x80\0", 0, 2),
        (b"\xff" * 7 + b"\x01", (1 << 50) - 1, 8),
    ],
)
def test_leb128(data: bytes, value: int, end: int) -> None:
    assert read_leb128(data, 0) == (value, end)


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 8 + b"\0"])
def test_leb128_has_an_end_and_at_most_eight_bytes(data: bytes) -> None:
    refuse(lambda given: read_leb128(given, 0), data)


def test_exponential_codes_have_an_end() -> None:
    refuse(lambda given: BitReader(given).unsigned(), bytes(5) + b"\xff" * 10)
    refuse(lambda given: BitReader(given).bits(9), b"\0")
