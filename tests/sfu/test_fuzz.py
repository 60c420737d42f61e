"""Every parser of remote bytes returns or raises `RemoteError`; nothing else.

The same targets run longer under `pytest -m long`.  An input that ever broke one stays in its
table of seeds.
"""

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfu.codecs import PARSERS, Codec
from sfu.codecs.av1 import parse_dependency_descriptor
from sfu.codecs.h264 import annex_b, parse_size
from sfu.codecs.opus import parse_redundancy
from sfu.errors import RemoteError
from sfu.rtcp import Goodbye, Nack, ReceiverEstimate, SenderReport, parse_rtcp
from sfu.rtp import (
    is_rtcp,
    parse_rtp,
    read_absolute_send_time,
    read_audio_level,
    read_identifier,
    read_transport_sequence,
    unwrap_retransmission,
)
from sfu.stun import answer_binding
from sfu.transport_feedback import TransportFeedback
from tests import builders
from tests.sfu import encoded

SHORT = settings(max_examples=150, suppress_health_check=list(HealthCheck))
LONG_CASES = 500_000


class Target(NamedTuple):
    parse: Callable[[bytes], object]
    seeds: tuple[bytes, ...]


def _unwrap(data: bytes) -> object:
    return unwrap_retransmission(parse_rtp(data), 96, 1)


def _answer(data: bytes) -> object:
    return answer_binding(data, "192.0.2.1", 1, lambda _: b"secret")


def _answer_signed(data: bytes) -> object:
    """Whatever the attributes are, the signature is right: the peer itself is hostile."""
    body = data[: len(data) & ~3]
    return _answer(builders.stun(body, password=b"secret", fingerprint=True))


def _answer_unauthenticated(data: bytes) -> object:
    answer = answer_binding(data, "192.0.2.1", 1, lambda _: b"another")
    assert answer is None
    return answer


def _codec(codec: Codec, *seeds: bytes) -> Target:
    return Target(PARSERS[codec], seeds)


_TRANSPORT_FEEDBACK = TransportFeedback(1, 2, 65530, 40, -5, 6, tuple((i, 300 * i) for i in (1, 9)))
_ATTRIBUTES = builders.binding_request(nominate=True, fingerprint=False)[20:-24]
_SPS = encoded.h264("high")[0].split(b"\0\0\1")[1].rstrip(b"\0")
_AV1 = bytes.fromhex("280c0a0a00000002aff7895f2008323410009680104082")

TARGETS = {
    "rtp": Target(
        parse_rtp,
        (
            builders.rtp(b"abc", contributors=(1,), block=(0xBEDE, b"\x10\1\x31ab"), padding=b"\1"),
            builders.rtp(b"abc", block=(0x1000, b"\x10\1a\x31\2ab")),
        ),
    ),
    "retransmission": Target(_unwrap, (builders.rtp(b"\0\1abc"),)),
    "is_rtcp": Target(is_rtcp, (b"\x80\xc8",)),
    "transport_sequence": Target(read_transport_sequence, (b"\0\1",)),
    "audio_level": Target(read_audio_level, (b"\x80",)),
    "absolute_send_time": Target(read_absolute_send_time, (b"\0\1\2",)),
    "identifier": Target(read_identifier, (b"hi\0",)),
    "rtcp": Target(
        parse_rtcp,
        (
            bytes(SenderReport(1, 2, 3, 4, 5)) + bytes(Goodbye((1,), b"reason")),
            bytes(Nack(1, 2, (3, 5, 700))) + bytes(ReceiverEstimate(1, 1_000_000, (2,))),
            bytes(_TRANSPORT_FEEDBACK),
        ),
    ),
    "stun": Target(_answer, (builders.binding_request(),)),
    "stun of a hostile peer": Target(_answer_signed, (_ATTRIBUTES,)),
    "stun of a stranger": Target(_answer_unauthenticated, (builders.binding_request(),)),
    "vp8": _codec(
        Codec.VP8,
        builders.vp8(picture_id=1, level_zero_index=2, temporal=(1, True)),
        builders.vp8(builders.vp8_key_frame(640, 480)),
    ),
    "vp9": _codec(
        Codec.VP9,
        builders.vp9(picture_id=300, layers=(0, True, 1, True), references=(1, 2)),
        builders.vp9(structure=bytes.fromhex("38014000b40280016803140154020110")),
    ),
    "h264": _codec(Codec.H264, builders.h264_aggregate(_SPS, b"\x65ab"), b"\x7c\x85abc"),
    "annex_b": Target(annex_b, (builders.h264_aggregate(b"\x67ab", b"\x65ab"),)),
    "h264 size": Target(parse_size, (_SPS,)),
    "av1": _codec(Codec.AV1, _AV1),
    "dependency_descriptor": Target(parse_dependency_descriptor, (b"\x80\0\1\x80",)),
    "opus": _codec(Codec.OPUS, b"\x7b\x06abc"),
    "redundancy": Target(parse_redundancy, (b"\xef\1\0\3\x6foldnewest",)),
}


@st.composite
def mutations(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """A seed with a few bytes changed, cut out or put in; or no seed at all."""
    if draw(st.integers(0, 3)) == 0:
        return draw(st.binary(max_size=80))
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 4))):
        position = draw(st.integers(0, len(data)))
        removed = draw(st.sampled_from([0, 1, 1, 1, 4, 1000]))
        data[position : position + removed] = draw(st.binary(max_size=4))
    return bytes(data)


def returns_or_refuses(target: Target, data: bytes) -> None:
    with suppress(RemoteError):
        target.parse(data)


@pytest.mark.parametrize("name", TARGETS)
def test_parsers_return_or_refuse(name: str) -> None:
    target = TARGETS[name]

    @SHORT
    @given(mutations(target.seeds))
    def run(data: bytes) -> None:
        returns_or_refuses(target, data)

    run()


@pytest.mark.long
@pytest.mark.parametrize("name", TARGETS)
def test_parsers_return_or_refuse_at_length(name: str) -> None:
    """The same without hypothesis, which takes a millisecond a case: these take ten seconds."""
    target = TARGETS[name]
    random = Random(name)
    for _ in range(LONG_CASES):
        returns_or_refuses(target, _mutated(target.seeds, random))


def _mutated(seeds: tuple[bytes, ...], random: Random) -> bytes:
    data = bytearray(random.choice(seeds))
    for _ in range(random.randint(1, 4)):
        position = random.randint(0, len(data))
        removed = random.choice((0, 1, 1, 1, 4, 1000))
        data[position : position + removed] = random.randbytes(random.randint(0, 4))
    return bytes(data)


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_of_the_fuzz_targets_are_good(name: str) -> None:
    """A seed that is refused at once would leave the depth of its parser untried."""
    target = TARGETS[name]
    if name == "stun of a stranger":
        return
    for seed in target.seeds:
        target.parse(seed)
