"""The active speaker, on a virtual clock."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp import AudioLevel
from sfu.speaker import HOLD_S, SpeakerDetector

PACKET_S = 0.02
POLL_S = 0.25
TICKS_PER_POLL = round(POLL_S / PACKET_S)

QUIET = AudioLevel(-75, voice=False)
Sound = AudioLevel | None


def talk(loud_dbov: int = -25, *, seconds: int = 1, voice: bool = True) -> Sequence[Sound]:
    """Speech: syllables of 140 ms, and 60 ms between them."""
    loud = AudioLevel(loud_dbov, voice=voice)
    between = AudioLevel(loud_dbov - 30, voice=voice)
    return ([loud] * 7 + [between] * 3) * 5 * seconds


def silence(seconds: float = 1.0) -> list[Sound]:
    return [QUIET] * round(seconds / PACKET_S)


def nothing(seconds: float = 1.0) -> list[Sound]:
    """No packets at all: DTX, or a microphone that is off."""
    return [None] * round(seconds / PACKET_S)


def noise(seconds: float, level_dbov: int = -30, *, voice: bool = False) -> list[Sound]:
    return [AudioLevel(level_dbov + i % 3, voice=voice) for i in range(round(seconds / PACKET_S))]


class Room:
    """Feeds the detector as a room does, and keeps every answer."""

    def __init__(self) -> None:
        self.detector = SpeakerDetector()
        self.tick = 5000
        self.answers: list[str | None] = []

    def hear(self, **sounds: Sequence[Sound]) -> str | None:
        """Each source plays its sounds at the same time; the last answer."""
        for index in range(max(map(len, sounds.values()))):
            self.tick += 1
            now = self.tick * PACKET_S
            for name, sound in sounds.items():
                level = sound[index] if index < len(sound) else None
                if level is not None:
                    self.detector.receive(name, level, now)
            if self.tick % TICKS_PER_POLL == 0:
                self.answers.append(self.detector.poll(now))
        return self.answers[-1]


@pytest.fixture
def room() -> Room:
    return Room()


def test_nobody_is_the_speaker_before_somebody_speaks(room: Room) -> None:
    assert room.hear(ada=silence(3), bob=nothing(3)) is None


def test_who_speaks_is_the_speaker_soon(room: Room) -> None:
    assert room.hear(ada=talk(), bob=silence()) == "ada"


@pytest.mark.parametrize("gone", [silence, nothing], ids=["silent", "sends nothing"])
def test_the_speaker_stays_through_silence(room: Room, gone) -> None:  # type: ignore[no-untyped-def]
    room.hear(ada=talk(seconds=2), bob=silence(2))
    assert room.hear(ada=gone(30), bob=silence(30)) == "ada"


@pytest.mark.parametrize("gone", [silence, nothing], ids=["silent", "sends nothing"])
def test_another_takes_over_within_a_second_of_speech(room: Room, gone) -> None:  # type: ignore[no-untyped-def]
    room.hear(ada=talk(seconds=2), bob=silence(2))
    assert room.hear(ada=gone(1), bob=talk()) == "bob"


DISTURBANCES: dict[str, Sequence[Sound]] = {
    "one loud packet": [AudioLevel(-3, voice=True)],
    "one loud packet after none": [*nothing(5), AudioLevel(-3, voice=True), *nothing(1)],
    "a cough": [AudioLevel(-8, voice=True)] * 15,
    "a cough every two seconds": ([AudioLevel(-8, voice=True)] * 13 + [QUIET] * 87) * 4,
    "two words of agreement": ([AudioLevel(-25, voice=True)] * 6 + [QUIET] * 45) * 2,
    "distant speech": [AudioLevel(-55, voice=True)] * 200,
    "noise that is called none": noise(4, -20),
    "noise that was never told apart": noise(4, -20, voice=True),
}


@pytest.mark.parametrize("name", DISTURBANCES)
@pytest.mark.parametrize("speaking", [True, False], ids=["over speech", "in a pause"])
def test_what_is_no_speech_does_not_switch(room: Room, name: str, speaking: bool) -> None:
    room.hear(ada=talk(seconds=2), bob=silence(2) if "noise" not in name else noise(2, -20))
    sound = DISTURBANCES[name]
    during = (talk(seconds=10))[: len(sound)] if speaking else silence(len(sound) * PACKET_S)
    assert room.hear(ada=during, bob=sound) == "ada"
    room.hear(ada=silence(1), bob=silence(1))
    assert room.answers[-1] == "ada"
    assert "bob" not in room.answers


def test_a_fan_that_is_switched_on_is_no_speaker_for_long(room: Room) -> None:
    room.hear(ada=silence(2), bob=silence(2))
    room.hear(ada=silence(20), bob=noise(20, -35))
    assert room.hear(ada=talk(seconds=2), bob=noise(2, -35)) == "ada"
    assert room.hear(ada=silence(10), bob=noise(10, -35)) == "ada"


def test_a_sender_that_never_sets_the_flag_is_heard(room: Room) -> None:
    room.hear(ada=silence(1), bob=talk(seconds=2))
    assert room.hear(ada=talk(voice=False, seconds=2), bob=silence(2)) == "ada"


def test_a_flag_that_is_used_is_believed(room: Room) -> None:
    room.hear(ada=talk(seconds=2), bob=talk(-45, seconds=2))
    typing = [AudioLevel(-20, voice=False), *[QUIET] * 4] * 50
    assert room.hear(ada=silence(5), bob=typing) == "ada"


def test_talking_over_somebody_takes_a_clearly_louder_voice(room: Room) -> None:
    room.hear(ada=talk(seconds=2), bob=silence(2))
    assert room.hear(ada=talk(-25, seconds=4), bob=talk(-22, seconds=4)) == "ada"
    assert room.hear(ada=talk(-25, seconds=2), bob=talk(-12, seconds=2)) == "bob"


def test_of_equals_the_first_stays(room: Room) -> None:
    assert room.hear(ada=talk(seconds=10), bob=talk(seconds=10)) == "ada"
    assert set(room.answers[4:]) == {"ada"}


def test_packets_that_come_in_heaps_count_as_well(room: Room) -> None:
    room.hear(ada=talk(seconds=2), bob=silence(2))
    heaps: list[Sound] = []
    for level in (talk(seconds=2))[::5]:
        heaps += [None, None, None, None, level]
    assert room.hear(ada=silence(2), bob=heaps) == "bob"


def test_the_ranking_is_by_who_spoke_last(room: Room) -> None:
    room.hear(ada=silence(1), bob=silence(1), eve=silence(1), dan=silence(1))
    assert room.detector.ranking() == ("ada", "bob", "eve", "dan")
    for name in ("bob", "eve", "bob"):
        room.hear(**{name: talk(seconds=2)})
    assert room.detector.ranking() == ("bob", "eve", "ada", "dan")


def test_who_is_forgotten_is_nowhere(room: Room) -> None:
    room.hear(ada=talk(seconds=2), bob=silence(2))
    room.detector.forget("ada")
    room.detector.forget("nobody")
    assert room.detector.ranking() == ("bob",)
    assert room.hear(bob=silence(1)) is None
    assert room.hear(bob=talk()) == "bob"


def test_the_answer_holds_even_where_the_speaker_left() -> None:
    detector = SpeakerDetector()
    changes = []
    for tick in range(200):
        now = tick * PACKET_S
        for name in ("ada", "bob"):
            detector.receive(name, AudioLevel(-20 if tick > 50 else -75, voice=True), now)
        if detector.poll(now):
            changes.append(now)
            detector.forget("ada" if len(changes) == 1 else "bob")
    first, second = changes
    assert second - first >= HOLD_S


sounds = st.one_of(st.none(), st.builds(AudioLevel, st.integers(-127, 0), st.booleans()))
moments = st.tuples(
    st.sampled_from(["ada", "bob", "eve"]),
    sounds,
    st.integers(1, 60),
    st.sampled_from([0.0, 0.01, 0.02, 0.02, 0.06, 0.5]),
    st.sampled_from(["", "", "", "", "forget"]),
)


@given(st.lists(moments, max_size=60), st.sampled_from([0.05, 0.25, 1.0]))
def test_whatever_is_heard_the_answer_is_known_and_changes_no_sooner_than_the_hold(
    heard: list[tuple[str, Sound, int, float, str]], poll_s: float
) -> None:
    detector = SpeakerDetector()
    now, polled = 100.0, 100.0
    known: set[str] = set()
    changes: list[tuple[float, str | None]] = []
    for name, level, count, step_s, act in heard:
        for _ in range(count):
            now += step_s
            if level is not None:
                detector.receive(name, level, now)
                known.add(name)
            if now - polled < poll_s:
                continue
            polled = now
            answer = detector.poll(now)
            assert answer is None or answer in known
            assert set(detector.ranking()) == known
            assert answer is None or detector.ranking()[0] == answer
            if answer is not None and (not changes or changes[-1][1] != answer):
                changes.append((now, answer))
        if act == "forget":
            detector.forget(name)
            known.discard(name)
    assert all(later[0] - sooner[0] >= HOLD_S - 1e-9 for sooner, later in pairwise(changes))
