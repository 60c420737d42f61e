"""RTP on the wire."""

import msgspec
import pytest
from aiortc import rtp as reference
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import DropReason, RemoteError
from sfu.rtp import (
    NO_ELEMENTS,
    HeaderWriter,
    RtpPacket,
    absolute_send_time,
    decode_elements,
    encode_elements,
    forwarded_elements,
    is_rtcp,
    pad,
    parse_rtp,
    read_absolute_send_time,
    read_audio_level,
    read_identifier,
    read_transport_sequence,
    unwrap_retransmission,
    wrap_retransmission,
)
from tests import builders

ONE_BYTE = 0xBEDE
TWO_BYTE = 0x1000

one_byte_elements = st.dictionaries(
    st.integers(1, 14), st.binary(min_size=1, max_size=16), max_size=4
)
any_elements = st.dictionaries(st.integers(1, 255), st.binary(max_size=40), max_size=4)
packets = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 127),
    marker=st.booleans(),
    sequence_number=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFF_FFFF),
    ssrc=st.integers(0, 0xFFFF_FFFF),
    extensions=one_byte_elements | any_elements,
    payload=st.binary(max_size=60),
    padding_length=st.integers(0, 255),
)


@given(packets)
def test_a_packet_survives_writing_and_parsing(packet: RtpPacket) -> None:
    assert parse_rtp(bytes(packet)) == packet


@pytest.mark.parametrize(
    ("data", "extensions", "payload"),
    [
        (builders.rtp(b"abc"), {}, b"abc"),
        (builders.rtp(b""), {}, b""),
        (builders.rtp(b"abc", contributors=(1, 2, 3)), {}, b"abc"),
        (builders.rtp(b"abc", padding=b"\0\0\3"), {}, b"abc"),
        (builders.rtp(b"", padding=b"\1"), {}, b""),
        (builders.rtp(b"abc", block=(ONE_BYTE, b"\x31\xaa\xbb")), {3: b"\xaa\xbb"}, b"abc"),
        (builders.rtp(b"x", block=(ONE_BYTE, b"\0\0\x10\x88")), {1: b"\x88"}, b"x"),
        (
            builders.rtp(b"x", contributors=(9,), block=(ONE_BYTE, b"\x10\x88\x21\1\2")),
            {1: b"\x88", 2: b"\1\2"},
            b"x",
        ),
        (builders.rtp(b"x", block=(TWO_BYTE, b"\x14\3abc\x15\0")), {20: b"abc", 21: b""}, b"x"),
        (builders.rtp(b"x", block=(TWO_BYTE | 7, b"\x14\1a")), {20: b"a"}, b"x"),
        (builders.rtp(b"x", block=(0x4321, b"whatever")), {}, b"x"),
        # Identifiers 15 and 0-with-a-length end the reading (RFC 8285, 4.2).
        (builders.rtp(b"x", block=(ONE_BYTE, b"\x10\x88\xf0\1\x20\2")), {1: b"\x88"}, b"x"),
        (builders.rtp(b"x", block=(ONE_BYTE, b"\x10\x88\x03\1\x20\2")), {1: b"\x88"}, b"x"),
    ],
)
def test_header_forms(data: bytes, extensions: dict[int, bytes], payload: bytes) -> None:
    packet = parse_rtp(data)
    assert dict(packet.extensions) == extensions
    assert packet.payload == payload
    assert (packet.payload_type, packet.ssrc) == (96, 0x1234_5678)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", DropReason.TOO_SHORT),
        (b"\x80", DropReason.TOO_SHORT),
        (builders.rtp()[:11], DropReason.TOO_SHORT),
        (b"\x40" + builders.rtp()[1:], DropReason.BAD_VERSION),
        (b"\x8f" + builders.rtp()[1:], DropReason.TOO_SHORT),
        (b"\x90" + builders.rtp()[1:], DropReason.BAD_EXTENSION),
        (b"\x90" + builders.rtp(b"\xbe\xde\xff\xff")[1:], DropReason.BAD_EXTENSION),
        (b"\x9f" + builders.rtp(b"\xbe\xde\x00\x01")[1:], DropReason.BAD_EXTENSION),
        (builders.rtp(block=(ONE_BYTE, b"\x33\1\2")), DropReason.BAD_EXTENSION),
        (builders.rtp(block=(TWO_BYTE, b"\x14\3ab")), DropReason.BAD_EXTENSION),
        (builders.rtp(block=(TWO_BYTE, b"\x14\1a\x15")), DropReason.BAD_EXTENSION),
        (builders.rtp(b"abc", padding=b"\0"), DropReason.BAD_PADDING),
        (builders.rtp(b"abc", padding=b"\xff"), DropReason.BAD_PADDING),
        (b"\xaf" + builders.rtp(b"\1")[1:], DropReason.BAD_PADDING),
        (b"\xa0" + builders.rtp()[1:], DropReason.BAD_PADDING),
    ],
)
def test_malformed_packets_are_refused_with_a_reason(data: bytes, reason: DropReason) -> None:
    with pytest.raises(RemoteError) as caught:
        parse_rtp(data)
    assert caught.value.reason is reason


def _reference_map() -> reference.HeaderExtensionsMap:
    mapping = reference.HeaderExtensionsMap()
    uris = {
        1: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        2: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        3: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        4: "urn:ietf:params:rtp-hdrext:sdes:mid",
    }
    mapping.configure(
        RTCRtpParameters(
            headerExtensions=[
                RTCRtpHeaderExtensionParameters(id=i, uri=uri) for i, uri in uris.items()
            ]
        )
    )
    return mapping


def test_a_packet_of_another_implementation_is_understood() -> None:
    theirs = reference.RtpPacket(96, 1, 65535, 4_000_000_000, 7, b"payload")
    theirs.csrc = [11, 12]
    theirs.padding_size = 5
    theirs.extensions = reference.HeaderExtensions(
        audio_level=(True, 30), abs_send_time=0x040000, transport_sequence_number=513, mid="v1"
    )
    ours = parse_rtp(theirs.serialize(_reference_map()))
    assert (ours.marker, ours.sequence_number, ours.timestamp) == (True, 65535, 4_000_000_000)
    assert (ours.payload, ours.padding_length) == (b"payload", 5)
    level = read_audio_level(ours.extensions[1])
    assert (level.level_dbov, level.voice) == (-30, True)
    assert read_absolute_send_time(ours.extensions[2]) == 1.0
    assert read_transport_sequence(ours.extensions[3]) == 513
    assert read_identifier(ours.extensions[4]) == "v1"


@given(packets, st.integers(0, 0xFFFF), st.sampled_from([0, 3, 200]))
def test_a_written_header_says_what_it_was_given(
    packet: RtpPacket, transport_sequence: int, transport_id: int
) -> None:
    expected = dict(packet.extensions)
    expected.pop(transport_id, None)
    elements = encode_elements(expected.items())
    if transport_id:
        expected[transport_id] = transport_sequence.to_bytes(2, "big")
    writer = HeaderWriter(packet.payload_type, packet.ssrc, transport_id)
    header = writer.write(
        packet.marker, packet.sequence_number, packet.timestamp, transport_sequence, elements
    )
    plain = msgspec.structs.replace(packet, extensions=expected, padding_length=0)
    assert parse_rtp(header + packet.payload) == plain


def test_a_written_header_is_understood_by_another_implementation() -> None:
    writer = HeaderWriter(96, 42, 3)
    elements = encode_elements([(1, b"\x9e"), (4, b"v1")])
    theirs = reference.RtpPacket.parse(
        writer.write(True, 7, 8, 513, elements) + b"body", _reference_map()
    )
    assert (theirs.sequence_number, theirs.timestamp, theirs.ssrc, theirs.marker) == (7, 8, 42, 1)
    assert theirs.payload == b"body"
    assert theirs.extensions == reference.HeaderExtensions(
        audio_level=(True, 30), mid="v1", transport_sequence_number=513
    )


@given(any_elements)
def test_elements_survive_encoding(elements: dict[int, bytes]) -> None:
    assert decode_elements(encode_elements(elements.items())) == elements


@pytest.mark.parametrize(
    ("pair", "profile"),
    [
        ((1, b"a"), ONE_BYTE),
        ((14, bytes(16)), ONE_BYTE),
        ((15, b"a"), TWO_BYTE),
        ((1, b""), TWO_BYTE),
        ((1, bytes(17)), TWO_BYTE),
    ],
)
def test_elements_take_the_short_form_where_it_can_carry_them(
    pair: tuple[int, bytes], profile: int
) -> None:
    assert encode_elements([pair]).profile == profile
    assert encode_elements([(2, b"b"), pair]).profile == profile


@pytest.mark.parametrize("pair", [(0, b"a"), (256, b"a"), (1, bytes(256))])
def test_elements_that_no_form_can_carry_are_our_own_mistake(pair: tuple[int, bytes]) -> None:
    with pytest.raises(ValueError, match="header extension"):
        encode_elements([pair])


def test_only_negotiated_extensions_go_on_under_the_viewers_identifiers() -> None:
    extensions = {1: b"\x88", 3: b"\1\2", 4: b"mid"}
    assert decode_elements(forwarded_elements(extensions, {1: 9})) == {9: b"\x88"}
    assert forwarded_elements(extensions, {}) is NO_ELEMENTS
    assert forwarded_elements({}, {1: 9}) is NO_ELEMENTS


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (read_transport_sequence, b""),
        (read_transport_sequence, b"\1"),
        (read_transport_sequence, b"\1\2\3"),
        (read_audio_level, b""),
        (read_audio_level, b"\1\2\3"),
        (read_absolute_send_time, b"\1\2"),
        (read_absolute_send_time, b"\1\2\3\4"),
        (read_identifier, b""),
        (read_identifier, b"\0\0"),
        (read_identifier, b"a b"),
        (read_identifier, b"\xff"),
        (read_identifier, b"a" * 65),
    ],
)
def test_an_extension_of_the_wrong_size_or_content_is_refused(read, value: bytes) -> None:
    with pytest.raises(RemoteError) as caught:
        read(value)
    assert caught.value.reason is DropReason.BAD_EXTENSION


@pytest.mark.parametrize(
    ("value", "level_dbov", "voice"),
    [(b"\x00", 0, False), (b"\xff", -127, True), (b"\x80\0", 0, True)],
)
def test_audio_levels(value: bytes, level_dbov: int, voice: bool) -> None:
    level = read_audio_level(value)
    assert (level.level_dbov, level.voice) == (level_dbov, voice)


@given(st.floats(0, 1e9))
def test_absolute_send_time_wraps_at_64_seconds(now_s: float) -> None:
    read = read_absolute_send_time(absolute_send_time(now_s))
    assert abs(read - now_s % 64) < 2**-17 or abs(read - now_s % 64) > 63.99


def test_text_identifiers_lose_their_zero_filling() -> None:
    assert read_identifier(b"hi\0\0") == "hi"


def test_retransmission_brings_back_the_original() -> None:
    original = parse_rtp(builders.rtp(b"media", sequence_number=65535, marker=True))
    carrier = parse_rtp(
        builders.rtp(
            wrap_retransmission(65535, b"media"),
            payload_type=97,
            sequence_number=5,
            ssrc=99,
            marker=True,
        )
    )
    assert unwrap_retransmission(carrier, 96, 0x1234_5678) == original


def test_retransmission_agrees_with_another_implementation() -> None:
    original = reference.RtpPacket(96, 1, 4711, 90_000, 7, b"media")
    carrier = parse_rtp(reference.wrap_rtx(original, 97, 3, 8).serialize())
    assert unwrap_retransmission(carrier, 96, 7) == parse_rtp(original.serialize())


def test_an_empty_retransmission_is_a_probe_and_a_one_byte_one_a_fault() -> None:
    assert unwrap_retransmission(parse_rtp(builders.rtp(b"")), 96, 1) is None
    with pytest.raises(RemoteError) as caught:
        unwrap_retransmission(parse_rtp(builders.rtp(b"\1")), 96, 1)
    assert caught.value.reason is DropReason.BAD_RETRANSMISSION


@given(st.integers(1, 255), st.binary(max_size=30))
def test_padding_is_taken_off_again(length: int, payload: bytes) -> None:
    packet = parse_rtp(pad(builders.rtp(payload), length))
    assert (packet.payload, packet.padding_length) == (payload, length)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", False),
        (b"\x80", False),
        (b"\x80\xc8", True),
        (b"\x81\xdf", True),
        (b"\x80\xbf", False),
        (b"\x80\xe0", False),
        (builders.rtp(payload_type=96, marker=True), False),
        (builders.rtp(payload_type=111), False),
    ],
)
def test_rtcp_is_told_from_rtp_by_its_second_byte(data: bytes, expected: bool) -> None:
    assert is_rtcp(data) is expected
