"""Which frames of a track are looked at, on a virtual clock."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.codecs import PARSERS, Codec, Description
from sfu.codecs.opus import Opus
from sfu.rtp import NO_EXTENSIONS, RtpPacket
from sfu.tapping import (
    ENCODING_HOLD_S,
    KEY_FRAME_INTERVAL_S,
    Choice,
    Sampling,
    TappedFrame,
    TrackTap,
    Untappable,
    choose_encoding,
)
from tests import builders

FRAME_S = 1 / 30
ORIENTATION = 4


class Camera:
    """Pictures of two packets; a key frame first, and whenever the tap asked for one."""

    def __init__(
        self, sampling: Sampling, *, frame_s: float = FRAME_S, answers_s: float = 0.1
    ) -> None:
        self.tap = TrackTap(Codec.VP8, sampling, ORIENTATION)
        self.now = 1000.0
        self.asked: list[float] = []
        self.sent: list[bool] = []
        self.frames: list[TappedFrame] = []
        self.extended = 0
        self.timestamp = 0
        self._frame_s = frame_s
        self._answers_s = answers_s
        self._due_s: float | None = 0.0

    def run(self, seconds: float, *, lost: frozenset[int] = frozenset()) -> list[TappedFrame]:
        """Frames that came of this time; `lost` are packets by their place in it."""
        before, place = len(self.frames), 0
        for _ in range(round(seconds / self._frame_s)):
            self.now += self._frame_s
            self.timestamp += 3000
            if self.tap.poll(self.now):
                self.asked.append(self.now)
                self._due_s = self._due_s or self.now + self._answers_s
            key_frame = self._due_s is not None and self.now >= self._due_s
            self._due_s = None if key_frame else self._due_s
            self.sent.append(key_frame)
            for payload, marker in self._packets(key_frame):
                self.extended += 1
                place += 1
                if place not in lost:
                    self._receive(payload, marker)
        return self.frames[before:]

    def _packets(self, key_frame: bool) -> list[tuple[bytes, bool]]:
        body = builders.vp8_key_frame(640, 360) if key_frame else b"\x01inter"
        return [(builders.vp8(body), False), (builders.vp8(b"more", start=False), True)]

    def _receive(self, payload: bytes, marker: bool) -> None:
        if not self.tap.wanted:
            return
        arrived = packet(payload, self.timestamp, marker=marker)
        description = PARSERS[Codec.VP8](payload)
        self.frames += self.tap.receive(self.extended, arrived, description, self.now)


def packet(
    payload: bytes, timestamp: int, *, marker: bool = False, orientation: bytes = b""
) -> RtpPacket:
    extensions = {ORIENTATION: orientation} if orientation else NO_EXTENSIONS
    return RtpPacket(96, marker, 0, timestamp, 1, extensions, payload)


def listened(sampling: Sampling, **options: float) -> Camera:
    camera = Camera(sampling, **options)
    camera.tap.listen(True)
    return camera


def test_nothing_is_wanted_where_nobody_listens() -> None:
    camera = Camera(Sampling())
    assert camera.run(5.0) == []
    assert (camera.asked, camera.tap.wanted) == ([], False)
    assert camera.tap._assembler is None


def test_a_burst_is_a_key_frame_and_what_follows_it() -> None:
    camera = listened(Sampling(burst_frames=45, every_s=10.0))
    frames = camera.run(9.0)
    assert [one.frame.key_frame for one in frames] == [True] + [False] * 44
    assert [one.sequence for one in frames] == list(range(1, 46))
    assert not any(one.follows_loss for one in frames)
    assert (frames[0].frame.width, frames[0].frame.height) == (640, 360)
    assert not camera.tap.wanted


def test_bursts_come_at_their_interval_and_each_asks_once() -> None:
    camera = listened(Sampling(burst_frames=30, every_s=5.0))
    frames = camera.run(24.0)
    bursts = {one.burst for one in frames}
    assert bursts == {1, 2, 3, 4, 5}
    for burst in bursts:
        run = [one.frame.key_frame for one in frames if one.burst == burst]
        assert run == [True] + [False] * 29
    # The camera begins with a key frame of its own.
    assert len(camera.asked) == 4


def test_a_key_frame_that_does_not_come_is_asked_for_once_a_second() -> None:
    camera = listened(Sampling(burst_frames=10, every_s=3.0), answers_s=60.0)
    camera.run(3.2)
    camera.run(10.0)
    assert camera.tap.needs_key_frame
    assert 9 <= len(camera.asked) <= 11
    gaps = [later - sooner for sooner, later in pairwise(camera.asked)]
    assert min(gaps) >= KEY_FRAME_INTERVAL_S - 1e-9


def test_who_sends_nothing_is_asked_for_nothing() -> None:
    tap = TrackTap(Codec.VP8, Sampling())
    tap.listen(True)
    assert not any(tap.poll(1000 + 0.02 * tick) for tick in range(500))
    assert tap.needs_key_frame


def test_who_stopped_sending_is_not_asked_again() -> None:
    tap = TrackTap(Codec.VP8, Sampling())
    tap.listen(True)
    asked = []
    for tick in range(500):
        now = 1000 + 0.02 * tick
        if tick == 1:
            inter = builders.vp8(b"\x01inter")
            tap.receive(1, packet(inter, 0), PARSERS[Codec.VP8](inter), now)
        asked += [now] if tap.poll(now) else []
    assert len(asked) == 1


def test_all_of_it_is_wanted_where_a_burst_has_no_end() -> None:
    camera = listened(Sampling(burst_frames=0))
    frames = camera.run(10.0)
    assert len(frames) == 300
    assert len(camera.asked) == 0


def test_a_loss_within_a_burst_is_followed_by_a_key_frame() -> None:
    camera = listened(Sampling(burst_frames=60, every_s=30.0))
    frames = camera.run(8.0, lost=frozenset({21}))
    assert len(frames) == 60
    assert {one.burst for one in frames} == {1}
    (again,) = [one for one in frames if one.follows_loss]
    assert again.frame.key_frame
    assert len(camera.asked) == 1


@pytest.mark.parametrize("frames_per_s", [240, 60])
def test_more_frames_than_the_policy_takes_end_the_run(frames_per_s: int) -> None:
    camera = listened(Sampling(burst_frames=0, max_frames_per_s=20.0), frame_s=1 / frames_per_s)
    frames = camera.run(10.0)
    assert 20 <= len(frames) <= 20 * 11
    previous = None
    for one in frames:
        if previous is not None and one.frame.timestamp - previous.frame.timestamp != 3000:
            assert one.frame.key_frame
            assert one.follows_loss
        previous = one


def test_a_new_listener_begins_with_a_key_frame() -> None:
    camera = listened(Sampling(burst_frames=0))
    camera.run(1.0)
    camera.tap.listen(False)
    assert camera.run(1.0) == []
    camera.tap.listen(True)
    assert camera.run(1.0)[0].frame.key_frame
    assert len(camera.asked) == 1


def test_frames_lost_on_the_way_to_the_listener_ask_for_a_key_frame() -> None:
    camera = listened(Sampling(burst_frames=0))
    camera.run(2.0)
    camera.tap.begin_anew()
    first = camera.run(2.0)[0]
    assert (first.frame.key_frame, first.follows_loss, first.burst) == (True, True, 1)


def test_the_sampling_can_change_in_the_middle() -> None:
    camera = listened(Sampling(burst_frames=10, every_s=60.0))
    assert len(camera.run(5.0)) == 10
    camera.tap.change_sampling(Sampling(burst_frames=0))
    assert len(camera.run(5.0)) > 130
    camera.tap.change_sampling(None)
    assert camera.run(5.0) == []
    assert camera.tap.reason is Untappable.NOT_WANTED
    camera.tap.change_sampling(Sampling(burst_frames=10))
    assert len(camera.run(5.0)) == 10


@pytest.mark.parametrize(
    ("codec", "sampling", "reason"),
    [
        (Codec.VP8, None, Untappable.NOT_WANTED),
        (Codec.VP8, Sampling(), None),
        (Codec.VP9, Sampling(), None),
        (Codec.H264, Sampling(), None),
        (Codec.AV1, Sampling(), None),
        (Codec.OPUS, Sampling(), None),
    ],
)
def test_what_cannot_be_looked_at_says_why(
    codec: Codec, sampling: Sampling | None, reason: Untappable | None
) -> None:
    tap = TrackTap(codec, sampling)
    tap.listen(True)
    assert not tap.poll(1.0)
    assert tap.reason is reason
    assert tap.wanted is (reason is None)
    if reason is not None:
        assert tap.receive(1, packet(b"x", 0), Opus(960, silent=False), 1.0) == []


@pytest.mark.parametrize(
    ("sampling", "heights", "encoding"),
    [
        (Sampling(choice=Choice.HIGHEST), [180, 360, 720], 2),
        (Sampling(choice=Choice.HIGHEST), [180, 360, None], 1),
        (Sampling(choice=Choice.LOWEST), [None, 360, 720], 1),
        (Sampling(choice=Choice.NEAREST, height=400), [180, 360, 720], 1),
        (Sampling(choice=Choice.NEAREST, height=540), [180, 360, 720], 2),
        (Sampling(choice=Choice.NEAREST, height=540), [0, None, None], 0),
        (Sampling(), [None, None], None),
        (Sampling(), [], None),
    ],
)
def test_the_encoding_is_the_one_that_the_policy_names(
    sampling: Sampling, heights: list[int | None], encoding: int | None
) -> None:
    assert choose_encoding(sampling, heights) == encoding


def test_another_encoding_is_held_a_while_and_begins_with_a_key_frame() -> None:
    camera = listened(Sampling(burst_frames=0))
    camera.run(1.0)
    assert camera.tap.choose([180, 360], camera.now) == 1
    assert camera.run(1.0)[0].frame.key_frame
    assert camera.tap.choose([180, 360, 720], camera.now) == 1
    assert camera.tap.choose([180, None, 720], camera.now) == 2
    assert camera.tap.choose([180, None, None], camera.now + ENCODING_HOLD_S) == 0
    assert camera.tap.choose([None, None, None], camera.now + 60) == 0


def speech(tap: TrackTap, number: int, payload: bytes, primary: bytes | None = None) -> list[bytes]:
    arrived = packet(payload, 960 * number)
    description = PARSERS[Codec.OPUS](primary or payload) if payload else Opus(0, silent=True)
    tapped = tap.receive(number, arrived, description, 1000 + 0.02 * number, primary)
    return [one.frame.data for one in tapped]


def test_speech_needs_no_key_frame_and_silence_makes_no_frame() -> None:
    tap = TrackTap(Codec.OPUS, Sampling(burst_frames=3))
    tap.listen(True)
    assert not tap.poll(1000.0)
    payloads = [b"\x78" + bytes(60), b"\x78", b"", b"\x78" + bytes(50), b"\x78" + bytes(40)]
    frames = [data for n, payload in enumerate(payloads) for data in speech(tap, n, payload)]
    assert [len(data) for data in frames] == [61, 51, 41]
    assert not tap.wanted


def test_what_repeats_earlier_speech_is_left_out() -> None:
    tap = TrackTap(Codec.OPUS, Sampling())
    tap.listen(True)
    tap.poll(1000.0)
    primary = b"\x78" + bytes(60)
    assert speech(tap, 0, b"\xefredundant" + primary, primary) == [primary]


@pytest.mark.parametrize(
    ("value", "rotation"), [(b"", 0), (b"\x00", 0), (b"\x01", 90), (b"\x0a", 180), (b"\x03", 270)]
)
def test_the_rotation_is_what_the_sender_says(value: bytes, rotation: int) -> None:
    tap = TrackTap(Codec.VP8, Sampling(), ORIENTATION)
    tap.listen(True)
    tap.poll(1000.0)
    payload = builders.vp8(builders.vp8_key_frame(16, 16))
    arrived = packet(payload, 0, marker=True, orientation=value)
    (tapped,) = tap.receive(1, arrived, PARSERS[Codec.VP8](payload), 1000.0)
    assert tapped.rotation == rotation


steps = st.lists(
    st.tuples(
        st.sampled_from(["key", "inter", "inter", "inter", "inter", "lost", "probe"]),
        st.sampled_from([0.001, 0.02, 0.04, 0.4, 2.0]),
        st.sampled_from([""] * 12 + ["anew", "leave", "listen", "all", "some", "encoding"]),
    ),
    max_size=120,
)


@given(steps, st.integers(0, 6), st.sampled_from([0.0, 0.5, 5.0]))
def test_every_burst_begins_with_a_key_frame_and_every_gap_is_told(
    course: list[tuple[str, float, str]], burst_frames: int, every_s: float
) -> None:
    tap = TrackTap(Codec.VP8, Sampling(burst_frames, every_s, max_frames_per_s=5.0))
    tap.listen(True)
    now, asked, tapped = 1000.0, [], []
    sent: dict[int, str] = {}
    for number, (kind, step_s, act) in enumerate(course):
        now += step_s
        _act(tap, act, now)
        if tap.poll(now):
            asked.append(now)
        sent[number * 3000] = kind
        if kind != "lost":
            tapped += tap.receive(number, *_picture(kind, number), now)
    bursts: set[int] = set()
    for order, one in enumerate(tapped):
        assert one.sequence == order + 1
        assert one.frame.key_frame is (sent[one.frame.timestamp] == "key")
        assert one.burst not in bursts or one.burst == tapped[order - 1].burst
        if one.burst not in bursts or one.follows_loss:
            assert one.frame.key_frame
        else:
            between = range(tapped[order - 1].frame.timestamp + 3000, one.frame.timestamp, 3000)
            assert all(sent[timestamp] == "probe" for timestamp in between)
        bursts.add(one.burst)
    assert all(b - a >= KEY_FRAME_INTERVAL_S for a, b in pairwise(asked))


def _act(tap: TrackTap, act: str, now: float) -> None:
    if act == "anew":
        tap.begin_anew()
    elif act in {"leave", "listen"}:
        tap.listen(act == "listen")
    elif act in {"all", "some"}:
        tap.change_sampling(Sampling(0 if act == "all" else 3, 1.0, max_frames_per_s=50.0))
    elif act == "encoding":
        tap.choose([None] * (tap.encoding + 1) + [360], now)


def _picture(kind: str, number: int) -> tuple[RtpPacket, Description | None]:
    if kind == "probe":
        return packet(b"", number * 3000), Opus(0, silent=True)
    body = builders.vp8_key_frame(64, 48) if kind == "key" else b"\x01inter"
    payload = builders.vp8(body)
    return packet(payload, number * 3000, marker=True), PARSERS[Codec.VP8](payload)
