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
from sfu.description import BadSdp
from sfu.description_parsing import parse_offer
from sfu.errors import DropReason, RemoteError
from sfu.publication import answer_publication, plan_publication
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
from sfu.subscription import plan_subscription
from sfu.tap_messages import BadTap, TapWish, framed, wish_reader
from sfu.tapping import Sampling
from sfu.transport_feedback import TransportFeedback, parse_body
from tests import builders
from tests.sfu import encoded
from tests.sfu.offers import AUDIO, H264, LOCAL, Video, offer

SHORT = settings(max_examples=150, suppress_health_check=list(HealthCheck))
LONG_CASES = 500_000
# How often a part of the data is put in once more, instead of something new.
_TWICE = 0.2


class Target(NamedTuple):
    parse: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    cases: int = LONG_CASES
    text: bool = False
    """Only printable bytes are put in: a text is refused for any other at once."""


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


def _negotiate(data: bytes) -> object:
    """Whatever an offer is used for: as a publisher's, and as that of a viewer of one."""
    try:
        offered = parse_offer(data.decode("utf-8", "surrogateescape"))
        with suppress(BadSdp):
            plan_subscription(offered, _PUBLISHED)
        tracks = plan_publication(offered)
        return answer_publication(offered, tracks, LOCAL)
    except BadSdp as error:
        raise RemoteError(DropReason.BAD_PAYLOAD, str(error)) from None


def _read_wishes(data: bytes) -> object:
    try:
        return wish_reader().receive(data)
    except BadTap as error:
        raise RemoteError(DropReason.BAD_PAYLOAD, str(error)) from None


def _codec(codec: Codec, *seeds: bytes) -> Target:
    return Target(PARSERS[codec], seeds)


_TRANSPORT_FEEDBACK = TransportFeedback(1, 2, 65530, 40, -5, 6, tuple((i, 300 * i) for i in (1, 9)))
_ATTRIBUTES = builders.binding_request(nominate=True, fingerprint=False)[20:-24]
_SPS = encoded.h264("high")[0].split(b"\0\0\1")[1].rstrip(b"\0")

_SIMULCAST = (
    *Video().lines,
    "a=rid:q send",
    "a=rid:f send",
    "a=simulcast:send q;f",
    "a=ssrc-group:FID 1 2",
    "a=ssrc:1 cname:x",
    "a=ssrc:2 cname:x",
    "a=candidate:1 1 udp 2130706431 192.0.2.1 9 typ host",
)
_OFFERS = (
    offer(AUDIO, Video(lines=_SIMULCAST).text()),
    offer(AUDIO, Video("2", "recvonly", "102", H264).text()),
)
_PUBLISHED = {one.mid: one for one in plan_publication(parse_offer(_OFFERS[0]))}
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
    "transport feedback": Target(parse_body, (bytes(_TRANSPORT_FEEDBACK)[4:],)),
    "sdp": Target(_negotiate, tuple(one.encode() for one in _OFFERS), 100_000, text=True),
    "tap wish": Target(_read_wishes, (framed(TapWish(1, Sampling())), framed(TapWish(1, None)))),
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
def mutations(draw: st.DrawFn, target: Target) -> bytes:
    """A seed with a few bytes changed, cut out or put in; or no seed at all."""
    if draw(st.integers(0, 3)) == 0:
        return draw(st.binary(max_size=80))
    data = bytearray(draw(st.sampled_from(target.seeds)))
    for _ in range(draw(st.integers(1, 4))):
        position = draw(st.integers(0, len(data)))
        removed = draw(st.sampled_from([0, 1, 1, 1, 4, 1000]))
        put_in = draw(st.one_of(st.binary(max_size=4), _pieces(data)))
        data[position : position + removed] = _printable(put_in) if target.text else put_in
    return bytes(data)


def _pieces(data: bytearray) -> st.SearchStrategy[bytes]:
    """A part of the same data, which then stands there twice."""
    places = st.integers(0, len(data))
    return st.builds(lambda start, length: bytes(data[start : start + length]), places, places)


def _printable(data: bytes) -> bytes:
    return bytes(one if one in b"\r\n" else 32 + one % 95 for one in data)


def returns_or_refuses(target: Target, data: bytes) -> None:
    with suppress(RemoteError):
        target.parse(data)


@pytest.mark.parametrize("name", TARGETS)
def test_parsers_return_or_refuse(name: str) -> None:
    target = TARGETS[name]

    @SHORT
    @given(mutations(target))
    def run(data: bytes) -> None:
        returns_or_refuses(target, data)

    run()


@pytest.mark.long
@pytest.mark.parametrize("name", TARGETS)
def test_parsers_return_or_refuse_at_length(name: str) -> None:
    """The same without hypothesis, which takes a millisecond a case: these take ten seconds."""
    target = TARGETS[name]
    random = Random(name)
    for _ in range(target.cases):
        returns_or_refuses(target, _mutated(target, random))


def _mutated(target: Target, random: Random) -> bytes:
    data = bytearray(random.choice(target.seeds))
    for _ in range(random.randint(1, 4)):
        position = random.randint(0, len(data))
        removed = random.choice((0, 1, 1, 1, 4, 10 if target.text else 1000))
        put_in = random.randbytes(random.randint(0, 4))
        if random.random() < _TWICE:
            start = random.randint(0, len(data))
            put_in = bytes(data[start : start + random.randint(0, 80)])
        data[position : position + removed] = _printable(put_in) if target.text else put_in
    return bytes(data)


BROKE = {
    "sdp": [_OFFERS[0].replace("a=ssrc-group:FID 1 2", "a=ssrc-group:").encode()],
    "tap wish": [framed(TapWish(1, None)).replace(b"track", b"tr\xffck")],
}


@pytest.mark.parametrize("name", BROKE)
def test_what_ever_broke_a_parser_is_taken_or_refused(name: str) -> None:
    for data in BROKE[name]:
        returns_or_refuses(TARGETS[name], data)


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_of_the_fuzz_targets_are_good(name: str) -> None:
    """A seed that is refused at once would leave the depth of its parser untried."""
    target = TARGETS[name]
    if name == "stun of a stranger":
        return
    for seed in target.seeds:
        target.parse(seed)
