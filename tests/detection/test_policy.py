"""Whose turn it is, and what goes when there is too much."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from detection.clocks import MediaClock
from detection.decoder import Encoded
from detection.policy import (
    ALL_THE_TIME,
    GLANCES,
    LOOKS_ARE_LATE_S,
    MAX_GLANCE_WAIT_S,
    MAX_WAIT_S,
    MAX_WAITING_BYTES,
    MOST_GLANCING,
    NOW_AND_THEN,
    TURN_FRAMES,
    Turns,
    Waiting,
)


def frame(at_s: float = 0.0, *, key: bool = False, burst: int = 1, size: int = 10) -> Encoded:
    return Encoded(at_s, at_s, key, False, burst, bytes(size))


def burst(number: int, length: int, at_s: float = 0.0, size: int = 10) -> list[Encoded]:
    return [frame(at_s, key=n == 0, burst=number, size=size) for n in range(length)]


def test_everybody_is_due_every_ten_seconds() -> None:
    assert all(sampling.every_s <= 10.0 for sampling in NOW_AND_THEN.values())


def test_no_camera_sends_more_than_is_taken() -> None:
    for sampling in (NOW_AND_THEN, ALL_THE_TIME):
        assert min(sampling["video"].max_frames_per_s, GLANCES.max_frames_per_s) >= 60
        # Packets of 20 ms, and a burst of them after a pause.
        assert sampling["audio"].max_frames_per_s > 50


def test_whoever_waits_longest_is_next_and_turns_are_short() -> None:
    waiting: Waiting[str, int] = Waiting()
    for whose in ("ada", "bob"):
        for one in burst(1, 2 * TURN_FRAMES):
            waiting.put(whose, 1, one)
    turns = [waiting.take(float(now)) for now in range(1, 6)]
    assert [turn[0] for turn in turns if turn] == ["ada", "bob", "ada", "bob"]
    assert {len(turn[1]) for turn in turns if turn} == {TURN_FRAMES}


@settings(max_examples=12)
@given(st.integers(2, 12), st.integers(1, 4))
def test_under_overload_everybody_is_looked_at_as_often(people: int, faster: int) -> None:
    waiting: Waiting[int, int] = Waiting()
    served: Counter[int] = Counter()
    for second in range(60):
        for whose in range(people):
            # One sends several times as much as anybody else.
            for _ in range(1 + faster * (whose == 0)):
                for one in burst(second, TURN_FRAMES, float(second)):
                    waiting.put(whose, 1, one)
        turn = waiting.take(float(second))
        assert turn
        served[turn[0]] += 1
    others = [served[whose] for whose in range(1, people)]
    assert max(others) - min(others) <= 2 + 60 // people
    assert served[0] <= max(others) + 60 // people + 2


steps = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.integers(1, 2),
        st.booleans(),
        st.integers(1, 900_000),
        st.floats(0, 3),
        st.booleans(),
    ),
    max_size=60,
)


@given(steps)
def test_what_is_taken_can_always_be_decoded(
    arriving: list[tuple[str, int, bool, int, float, bool]],
) -> None:
    """Within a track nothing comes that builds upon something that was let go of."""
    waiting: Waiting[str, int] = Waiting()
    sent: Counter[tuple[str, int]] = Counter()
    last: dict[tuple[str, int], int] = {}
    now = 0.0
    for whose, track, key, size, passed_s, take in arriving:
        now += passed_s
        place = (whose, track)
        sent[place] += 1
        # The number of a frame rides on its timestamp.
        one = Encoded(now, float(sent[place]), key or sent[place] == 1, False, 0, bytes(size))
        waiting.put(whose, track, one)
        held = sum(queue.waiting_bytes for queue in waiting._queues.values())
        assert held <= 2 * MAX_WAITING_BYTES
        turn = waiting.take(now) if take else None
        for number, taken in turn[1] if turn else []:
            before = last.get((turn[0], number), 0)  # type: ignore[index]
            assert taken.key_frame or taken.media_s == before + 1
            assert now - taken.at_s <= MAX_WAIT_S
            last[turn[0], number] = int(taken.media_s)  # type: ignore[index]


def test_whoever_lost_the_beginning_of_a_burst_is_told_that_a_key_frame_helps() -> None:
    waiting: Waiting[str, int] = Waiting()
    for one in burst(1, 5, size=MAX_WAITING_BYTES // 4):
        waiting.put("ada", 1, one)
    assert waiting.dropped["too_much"] == 5
    assert not waiting.put("ada", 1, frame())
    assert waiting.put("ada", 1, frame(key=True))
    assert waiting.put("ada", 1, frame())


def test_glances_come_first_until_looks_are_late() -> None:
    turns: Turns[str, int] = Turns()
    for one in burst(1, TURN_FRAMES, at_s=0.0):
        turns.looks.put("ada", 1, one)
    kinds = []
    for tenth in range(1, 60):
        now = tenth / 10
        turns.glances.put("bob", 2, frame(now, key=True))
        while (turn := turns.take(now)) is not None:
            kinds.append((now, turn.glances))
            turns.took(turn, 0.01, now)
            if turn.glances:
                break
    looked_s = next(now for now, glances in kinds if not glances)
    assert kinds[0] == (0.1, True)
    assert looked_s < LOOKS_ARE_LATE_S
    assert sum(glances for _, glances in kinds) > 10


def test_late_looks_come_first_and_glances_are_let_go_of_as_long_as_nobody_takes_them() -> None:
    turns: Turns[str, int] = Turns()
    for second in range(20):
        for one in burst(second, TURN_FRAMES, at_s=second / 10):
            turns.looks.put("ada", 1, one)
    turns.glances.put("bob", 2, frame(3.0, key=True))
    turn = turns.take(LOOKS_ARE_LATE_S + 1)
    assert turn is not None
    assert (turn.whose, turn.glances) == ("ada", False)
    now = 3.0 + MAX_GLANCE_WAIT_S + 0.1
    while (turn := turns.take(now)) is not None:
        assert not turn.glances
    assert turns.dropped() == {"glance_too_late": 1}


@given(st.floats(0.001, 0.5))
def test_nobody_s_glances_take_more_than_their_share(spent_s: float) -> None:
    turns: Turns[str, int] = Turns()
    now, busy_s = 0.0, 0.0
    while now < 20:
        turns.glances.put("ada", 1, frame(now, key=True))
        turn = turns.take(now)
        if turn is not None:
            busy_s += spent_s
            turns.took(turn, spent_s, now + spent_s)
        now += 0.05 + spent_s * (turn is not None)
    assert busy_s <= 20 * MOST_GLANCING + 1.0


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.integers(-(2**30), 2**30))
def test_a_clock_that_was_told_goes_by_it_across_the_wrap(
    timestamp: int, ntp_time: int, passed: int
) -> None:
    clock = MediaClock("video")
    clock.tell(timestamp, ntp_time)
    told_s = clock.media_s((timestamp + passed) % 2**32, 5.0)
    assert abs(told_s - (ntp_time / 2**32 + passed / 90_000)) < 1e-5


def test_a_clock_that_was_not_told_begins_at_the_first_arrival() -> None:
    clock = MediaClock("audio")
    assert clock.media_s(48_000, 7.0) == 7.0
    assert clock.media_s(96_000, 9.5) == 8.0
