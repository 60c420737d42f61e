"""A room whose people send anything: nothing is raised, and no number stands for two packets.

What reaches a router was decrypted, so it comes from somebody who was let in; the packets here
are good ones of every codec with some bytes changed, in any order and at any time.
"""

from random import Random
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfu.codecs import Codec
from sfu.description import AUDIO_LEVEL, MID, RID, TRANSPORT_SEQUENCE, Format, MediaKind
from sfu.publication import Track
from sfu.rtcp import Nack, PictureLoss, ReceiverEstimate, SenderReport
from sfu.rtp import is_rtcp, parse_rtp
from sfu.transport_feedback import TransportFeedback
from tests import builders
from tests.sfu import encoded
from tests.sfu.test_router import House

LONG_CASES = 3000
STEPS = 200

EXTENSIONS = {AUDIO_LEVEL: 1, TRANSPORT_SEQUENCE: 3, MID: 4, RID: 5}
FEEDBACK = frozenset({"nack", "nack pli", "transport-cc"})
SPS = encoded.h264("high")[0].split(b"\0\0\1")[1].rstrip(b"\0")
OPUS = b"\x78" + bytes(20)
REDUNDANT_TYPE = 63


class Sent(NamedTuple):
    """A track, and payloads that belong to it."""

    track: Track
    payloads: tuple[bytes, ...]


def video(mid: str, codec: Codec, payload_type: int, rids: tuple[str, ...] = ()) -> Track:
    chosen = Format(payload_type, codec, 90_000, 1, "", FEEDBACK, payload_type + 1)
    source = payload_type
    sources = () if rids else (source,)
    pairs = () if rids else ((source, source + 1),)
    return Track(mid, MediaKind.VIDEO, codec, chosen, EXTENSIONS, sources, pairs, rids)


VP8_PAYLOADS = (
    builders.vp8(builders.vp8_key_frame(320, 240), picture_id=5, level_zero_index=2),
    builders.vp8(picture_id=6, level_zero_index=2, temporal=(1, True)),
    builders.vp8(start=False),
)
SENT = (
    Sent(video("0", Codec.VP8, 96), VP8_PAYLOADS),
    Sent(video("1", Codec.VP8, 98, ("q", "h", "f")), VP8_PAYLOADS),
    Sent(
        video("2", Codec.VP9, 100),
        (
            builders.vp9(structure=bytes.fromhex("38014000b40280016803140154020110")),
            builders.vp9(picture_id=300, layers=(0, True, 1, True), references=(1, 2)),
            builders.vp9(picture_id=301, layers=(1, False, 0, False), level_zero_index=3),
        ),
    ),
    Sent(
        video("3", Codec.H264, 102),
        (builders.h264_aggregate(SPS, b"\x65ab"), b"\x7c\x85abc", b"\x41abc"),
    ),
    Sent(
        video("4", Codec.AV1, 104),
        (bytes.fromhex("280c0a0a00000002aff7895f2008323410009680104082"), b"\x10\x32\x02ab"),
    ),
    Sent(
        Track(
            mid="5",
            kind=MediaKind.AUDIO,
            codec=Codec.OPUS,
            format=Format(111, "opus", 48_000, 2),
            extensions=EXTENSIONS,
            sources=(111,),
            retransmission_sources=(),
            redundancy=REDUNDANT_TYPE,
        ),
        (OPUS, b"\x78", b"\xef\1\0\3" + b"\x6foldnewest"),
    ),
)


class Crowd(House):
    """Everybody publishes everything, and each track has a viewer of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.publish("ada", *(sent.track for sent in SENT))
        self.ssrcs = [
            self.watch(f"bob{index}", f"ada/{sent.track.mid}", sent.track.kind, sent.track.format)
            for index, sent in enumerate(SENT)
        ]
        self.packets: dict[tuple[str, int, int], bytes] = {}

    def receive(self, who: int, data: bytes, step_s: float) -> None:
        """`who` is the publisher, or the viewer of that number."""
        self.now += step_s
        session = "ada" if who < 0 else f"bob{who}"
        if is_rtcp(data):
            copies = self.router.receive_rtcp(session, data, self.now)
        else:
            copies = self.router.receive_rtp(session, data, self.now)
        for outlet, packet in copies:
            self._check(outlet, packet)
        self.router.poll(self.now)

    def _check(self, outlet: str, packet: bytes) -> None:
        parsed = parse_rtp(packet)
        name = outlet, parsed.ssrc, parsed.sequence_number
        # Another packet under the same number would give the key of AES-GCM away.
        assert self.packets.setdefault(name, packet) == packet


def good(random: Random, number: int, ssrcs: list[int]) -> bytes:
    """A packet as a browser might send it, RTP three times of four."""
    if random.random() < 0.25:
        return report(random, random.choice([*ssrcs, 96, 111]), number)
    sent = random.choice(SENT)
    track = sent.track
    block = b"\x40" + track.mid.encode() + b"\x10\x9e"
    if track.rids:
        block += b"\x50" + random.choice(track.rids).encode()
    block += b"\x31" + (number & 0xFFFF).to_bytes(2, "big")
    resent = random.random() < 0.1 and track.format.retransmission is not None
    payload = random.choice(sent.payloads)
    redundant = payload[:1] == b"\xef"
    return builders.rtp(
        (number - 1 & 0xFFFF).to_bytes(2, "big") + payload if resent else payload,
        payload_type=track.format.payload_type + resent if not redundant else REDUNDANT_TYPE,
        sequence_number=number + random.choice((0, 0, 0, 0, 1, -1, 40, 20_000, 32_768)),
        timestamp=(number * 3000 * random.choice((1, 1, 1, 1000))) & 0xFFFF_FFFF,
        ssrc=track.format.payload_type + (random.randrange(3) if track.rids else 0) * 1000 + resent,
        marker=random.random() < 0.5,
        block=(0xBEDE, block),
    )


def report(random: Random, ssrc: int, number: int) -> bytes:
    arrivals = tuple((number + i & 0xFFFF, 40 * i) for i in range(5))
    return bytes(
        random.choice(
            (
                Nack(1, ssrc, (number & 0xFFFF, number + 3 & 0xFFFF)),
                PictureLoss(1, ssrc),
                ReceiverEstimate(1, random.choice((0, 50_000, 1 << 40)), (ssrc,)),
                SenderReport(ssrc, number << 32, number, 5, 500),
                TransportFeedback(1, ssrc, number & 0xFFFF, 5, number & 0xFFFF, 0, arrivals),
            )
        )
    )


def changed(random: Random, data: bytes) -> bytes:
    if random.random() < 0.5:
        return data
    result = bytearray(data)
    for _ in range(random.randint(1, 3)):
        position = random.randint(0, len(result))
        removed = random.choice((0, 1, 1, 1, 4, 1000))
        result[position : position + removed] = random.randbytes(random.randint(0, 3))
    return bytes(result)


def live(seed: int, steps: int) -> Crowd:
    """A room in which so many packets came."""
    random = Random(seed)
    crowd = Crowd()
    number = random.choice((0, 100, 65_000))
    for _ in range(steps):
        number += random.choice((1, 1, 1, 1, 2, 0))
        who = random.choice((-1, -1, -1, random.randrange(len(SENT))))
        data = changed(random, good(random, number, crowd.ssrcs))
        crowd.receive(who, data, random.choice((0.0, 0.001, 0.005, 0.3)))
    return crowd


@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.integers(0, 1 << 32))
def test_whatever_people_send_a_room_goes_on(seed: int) -> None:
    live(seed, STEPS)


def test_what_is_tried_here_does_go_through() -> None:
    """Else the room would be tried with packets that it drops at its door."""
    crowds = [live(seed, STEPS) for seed in range(12)]
    reached = {outlet for crowd in crowds for outlet, _, _ in crowd.packets}
    assert reached == {f"bob{index}" for index in range(len(SENT))}


@pytest.mark.long
def test_whatever_people_send_a_room_goes_on_at_length() -> None:
    for seed in range(LONG_CASES):
        live(seed, STEPS)
