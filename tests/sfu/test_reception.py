"""What arrived, what is missing, and what the publisher is told of it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.reception import (
    FEEDBACK_INTERVAL_S,
    FEEDBACK_MAX_STATUSES,
    MAX_DROPOUT,
    MAX_MISSING,
    NACK_DELAY_S,
    NACK_MAX_TRIES,
    ArrivalRecorder,
    LossTracker,
    ReceptionStatistics,
    Repair,
    round_trip_s,
)
from sfu.rtcp import ReceptionReport
from sfu.transport_feedback import TICK_S, TransportFeedback

NOTHING = Repair((), False)
ROUND_TRIP_S = 0.05


def received(numbers: list[int], losses: LossTracker | None = None) -> list[int | None]:
    losses = losses or LossTracker()
    return [losses.receive(number & 0xFFFF, 0.0) for number in numbers]


# --- extended numbers ---


@pytest.mark.parametrize(
    ("numbers", "extended"),
    [
        ([5, 6, 7], [5, 6, 7]),
        ([65534, 65535, 0, 1], [65534, 65535, 65536, 65537]),
        ([5, 8, 6, 9], [5, 8, 6, 9]),
        ([65535, 1, 0], [65535, 65537, 65536]),
        ([5, 6, 6, 5, 7], [5, 6, None, None, 7]),
        ([5, 8, 6, 6, 7], [5, 8, 6, None, 7]),
        ([5, 4, 6], [5, None, 6]),
        # A row of duplicates that ends with the newest was once taken for a new numbering.
        ([10, 11, 12, 11, 12, 13], [10, 11, 12, None, None, 13]),
        ([0, MAX_DROPOUT], [0, MAX_DROPOUT]),
    ],
)
def test_numbers_beyond_their_16_bits(numbers: list[int], extended: list[int | None]) -> None:
    assert received(numbers) == extended


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[int, list[int]]:
    """A first number, and indexes as a bad network delivers them; the first one is never late."""
    first = draw(st.integers(0, 0xFFFF))
    count = draw(st.integers(1, 150))
    copies_of = draw(st.lists(st.sampled_from([1, 1, 1, 0, 2]), min_size=count, max_size=count))
    # Later than this, a row of duplicates could be taken for a new numbering.
    delays = draw(st.lists(st.integers(0, 15), min_size=2 * count, max_size=2 * count))
    copies = [
        (index + delays[2 * index + copy], index)
        for index in range(1, count)
        for copy in range(copies_of[index])
    ]
    return first, [0] + [index for _, index in sorted(copies)]


@given(deliveries())
def test_any_loss_order_and_doubling_gives_each_packet_its_number_once(
    delivery: tuple[int, list[int]],
) -> None:
    first, indexes = delivery
    losses = LossTracker()
    seen: set[int] = set()
    for index in indexes:
        extended = losses.receive((first + index) & 0xFFFF, 0.0)
        assert extended == (None if index in seen else first + index)
        seen.add(index)
        assert losses.extended == first + max(seen)
    asked = losses.poll(NACK_DELAY_S + 0.001, ROUND_TRIP_S)
    missing = [first + index for index in range(max(seen)) if index not in seen]
    assert asked.lost == tuple(number & 0xFFFF for number in missing)


@given(st.lists(st.integers(0, 0xFFFF), max_size=300))
def test_even_a_hostile_numbering_repeats_nothing_and_stays_small(numbers: list[int]) -> None:
    losses = LossTracker()
    accepted = [n for n in received(numbers, losses) if n is not None]
    assert len(set(accepted)) == len(accepted)
    assert len(losses.poll(1.0, ROUND_TRIP_S).lost) <= MAX_MISSING


@pytest.mark.parametrize(
    ("jump", "doubted"), [(32767, 1), (-30_000, 1), (20_000, 1), (-99, 19), (-101, 19)]
)
def test_a_new_numbering_is_followed_once_enough_packets_agree(jump: int, doubted: int) -> None:
    losses = LossTracker()
    received(list(range(1000, 1200)), losses)
    start = 1199 + jump
    assert received(list(range(start, start + doubted)), losses) == [None] * doubted
    start += doubted
    assert received([start, start + 1], losses) == [1200, 1201]
    assert losses.poll(1.0, ROUND_TRIP_S) == Repair((), True)
    # A loss after it is asked for in the new numbering.
    losses.receive((start + 3) & 0xFFFF, 2.0)
    assert losses.poll(2.1, ROUND_TRIP_S).lost == ((start + 2) & 0xFFFF,)
    assert losses.reported_highest & 0xFFFF == (start + 3) & 0xFFFF


def test_a_network_that_doubles_every_packet_starts_no_new_numbering() -> None:
    numbers = [number for index in range(300) for number in (1000 + index, 990 + index)]
    assert received(numbers)[2::2] == list(range(1001, 1300))


def test_one_stray_packet_changes_nothing() -> None:
    assert received([10, 11, 40_000, 12, 13]) == [10, 11, None, 12, 13]


# --- asking again ---


def with_gap() -> LossTracker:
    losses = LossTracker()
    received([65534, 1], losses)
    return losses


def test_a_gap_is_not_asked_for_until_it_cannot_be_reordering() -> None:
    losses = with_gap()
    assert losses.poll(0.019, ROUND_TRIP_S) == NOTHING
    assert losses.poll(0.021, ROUND_TRIP_S) == Repair((65535, 0), False)


def test_a_lost_packet_is_asked_for_once_a_round_trip() -> None:
    losses = with_gap()
    assert losses.poll(0.1, 0.2).lost == (65535, 0)
    assert losses.poll(0.29, 0.2) == NOTHING
    assert losses.poll(0.31, 0.2).lost == (65535, 0)


def test_what_comes_late_or_again_is_not_asked_for() -> None:
    losses = with_gap()
    assert losses.receive(0, 0.01) == 65536
    assert losses.recover(65535, 0.01) == 65535
    assert losses.recover(65535, 0.01) is None
    assert losses.poll(0.1, ROUND_TRIP_S) == NOTHING


def test_a_packet_is_given_up_for_a_key_frame_after_its_tries() -> None:
    losses = with_gap()
    tries = 0
    now = 0.03
    while (repair := losses.poll(now, 0.0)).lost:
        tries += 1
        now += 0.021
    assert tries == NACK_MAX_TRIES
    assert repair.key_frame_needed
    assert losses.poll(now + 1, 0.0) == NOTHING


def test_a_packet_is_given_up_for_a_key_frame_after_a_second() -> None:
    losses = with_gap()
    assert losses.poll(0.9, 0.5).lost
    assert losses.poll(1.5, 0.5) == Repair((), True)


def test_nothing_before_a_key_frame_is_asked_for() -> None:
    losses = LossTracker()
    received([10, 12, 14], losses)
    losses.forget_before(12)
    assert losses.poll(0.1, ROUND_TRIP_S).lost == (13,)


def test_a_gap_too_large_to_mend_asks_for_a_key_frame() -> None:
    losses = LossTracker()
    received([10, 11 + MAX_MISSING], losses)
    assert not losses.poll(0.1, ROUND_TRIP_S).key_frame_needed
    received([12 + 3 * MAX_MISSING], losses)
    repair = losses.poll(1.0, ROUND_TRIP_S)
    assert repair.key_frame_needed
    assert len(repair.lost) == MAX_MISSING


def test_many_small_gaps_ask_for_a_key_frame_too() -> None:
    losses = LossTracker()
    received([0, 200, 400], losses)
    repair = losses.poll(0.1, ROUND_TRIP_S)
    assert repair.key_frame_needed
    assert len(repair.lost) == MAX_MISSING
    assert repair.lost[-1] == 399


def test_a_retransmission_ahead_of_its_original_counts_as_the_original() -> None:
    losses = LossTracker()
    assert losses.recover(12, 0.0) is None
    received([10], losses)
    assert losses.recover(12, 0.0) == 12
    assert received([12, 11], losses) == [None, 11]


# --- reports ---


def test_a_report_says_what_was_lost_since_the_last() -> None:
    losses, statistics = LossTracker(), ReceptionStatistics(90_000)
    for number in range(65500, 65600):
        if number % 4 or number == 65500:
            losses.receive(number & 0xFFFF, 0.0)
            statistics.receive(0, 100, 0.0)
    report = statistics.report(7, losses, 1.0)
    assert (report.ssrc, report.packets_lost, report.highest_sequence) == (7, 24, 65599)
    assert report.fraction_lost == 256 * 24 // 100
    assert statistics.report(7, losses, 2.0).fraction_lost == 0
    assert statistics.report(7, losses, 2.0).packets_lost == 24


def test_a_report_before_the_first_packet_is_empty() -> None:
    report = ReceptionStatistics(90_000).report(7, LossTracker(), 0.0)
    assert report == ReceptionReport(7)


@given(st.lists(st.tuples(st.integers(0, 0xFFFF_FFFF), st.floats(0, 1e6)), max_size=50))
def test_jitter_is_never_absurd(packets: list[tuple[int, float]]) -> None:
    statistics = ReceptionStatistics(90_000)
    for timestamp, now in packets:
        statistics.receive(timestamp, 100, now)
    assert 0 <= statistics.report(1, LossTracker(), 0.0).jitter < 1 << 32


@pytest.mark.parametrize(
    ("late_by_s", "jitter_s"), [((0.0, 0.0), 0.0), ((0.0, 0.010), 0.010), ((0.005, 0.0), 0.005)]
)
def test_jitter_approaches_the_change_of_the_delay(
    late_by_s: tuple[float, float], jitter_s: float
) -> None:
    statistics = ReceptionStatistics(48_000)
    start = 0xFFFF_FFFF - 960 * 100
    for index in range(200):
        timestamp = (start + 960 * index) & 0xFFFF_FFFF
        statistics.receive(timestamp, 80, 0.020 * index + late_by_s[index % 2])
    assert statistics.jitter_s == pytest.approx(jitter_s, abs=1e-4)


def test_the_publisher_can_measure_its_round_trip() -> None:
    statistics = ReceptionStatistics(90_000)
    statistics.receive_sender_report(0x1111_2222_8000_0000, 5.0)
    report = statistics.report(7, LossTracker(), 5.25)
    assert report.last_sender_report == 0x2222_8000
    assert report.delay_since_sender_report == 0x4000


@pytest.mark.parametrize(
    ("sent_ntp", "delay_s", "now_ntp", "expected_s"),
    [
        (100 << 32, 1.0, (101 << 32) + (1 << 31), 0.5),
        # The middle bits wrap every 18 hours.
        ((0xFFFF << 32) + 0xFFFF_0000, 0.0, (0x1_0000 << 32) + 0x1000_0000, 0.0625),
        (100 << 32, 2.0, 101 << 32, None),
        (100 << 32, 0.0, 200 << 32, None),
    ],
)
def test_round_trip(sent_ntp: int, delay_s: float, now_ntp: int, expected_s: float | None) -> None:
    report = ReceptionReport(
        1,
        last_sender_report=sent_ntp >> 16 & 0xFFFF_FFFF,
        delay_since_sender_report=int(delay_s * 65536),
    )
    assert round_trip_s(report, now_ntp) == pytest.approx(expected_s, abs=1e-3)


def test_a_report_on_nothing_tells_no_round_trip() -> None:
    assert round_trip_s(ReceptionReport(1), 100 << 32) is None


# --- transport-wide feedback ---


def told(feedbacks: list[TransportFeedback]) -> dict[int, float]:
    """Sequence number to seconds, out of feedback that went over the wire."""
    return {
        number: (64 * 4 * feedback.reference_time + ticks) * TICK_S
        for feedback in feedbacks
        for number, ticks in feedback.arrivals
    }


def wired(feedbacks: list[TransportFeedback]) -> list[TransportFeedback]:
    for feedback in feedbacks:
        assert len(bytes(feedback)) < 1200
    return feedbacks


def test_feedback_waits_for_its_time_and_for_something_to_say() -> None:
    recorder = ArrivalRecorder(1)
    assert recorder.poll(10.0) == []
    recorder.receive(5, 10.0)
    assert len(recorder.poll(10.0)) == 1
    recorder.receive(6, 10.01)
    assert recorder.poll(10.0 + FEEDBACK_INTERVAL_S - 0.001) == []
    assert len(recorder.poll(10.0 + FEEDBACK_INTERVAL_S)) == 1
    assert recorder.poll(11.0) == []


def test_losses_between_two_feedbacks_are_reported() -> None:
    recorder = ArrivalRecorder(1, 2)
    for number in (65534, 1):
        recorder.receive(number, 1.0)
    (first,) = wired(recorder.poll(1.0))
    assert (first.sender_ssrc, first.media_ssrc) == (1, 2)
    assert (first.base_sequence, first.status_count, first.feedback_count) == (65534, 4, 0)
    recorder.receive(4, 2.0)
    (second,) = wired(recorder.poll(2.0))
    assert (second.base_sequence, second.status_count, second.feedback_count) == (2, 3, 1)


def test_a_late_packet_is_reported_without_unsaying_the_others() -> None:
    recorder = ArrivalRecorder(1)
    for number in (10, 12, 13):
        recorder.receive(number, 1.0)
    recorder.poll(1.0)
    recorder.receive(11, 1.1)
    recorder.receive(14, 1.2)
    (feedback,) = wired(recorder.poll(1.2))
    assert feedback.base_sequence == 11
    assert [number for number, _ in feedback.arrivals] == [11, 12, 13, 14]


def test_a_pause_longer_than_a_delta_starts_another_feedback() -> None:
    recorder = ArrivalRecorder(1)
    recorder.receive(1, 1.0)
    recorder.receive(2, 60.0)
    feedbacks = wired(recorder.poll(60.0))
    assert told(feedbacks) == pytest.approx({1: 1.0, 2: 60.0}, abs=0.001)


def test_a_jump_is_not_told_as_thousands_of_losses() -> None:
    recorder = ArrivalRecorder(1)
    recorder.receive(1, 1.0)
    recorder.receive(20_000, 1.0)
    first, second = wired(recorder.poll(1.0))
    assert (first.status_count, second.base_sequence, second.status_count) == (1, 20_000, 1)


def test_numbers_that_start_anew_are_followed() -> None:
    recorder = ArrivalRecorder(1)
    recorder.receive(20_000, 1.0)
    recorder.poll(1.0)
    for index in range(3):
        recorder.receive(100 + index, 2.0 + index)
        feedbacks = recorder.poll(2.0 + index)
    assert told(feedbacks) == pytest.approx({102: 4.0}, abs=0.001)


def test_a_flood_between_two_polls_is_bounded() -> None:
    recorder = ArrivalRecorder(1)
    for number in range(20_000):
        recorder.receive(number & 0xFFFF, 1.0)
    feedbacks = wired(recorder.poll(1.0))
    assert all(feedback.status_count <= FEEDBACK_MAX_STATUSES for feedback in feedbacks)
    assert len(told(feedbacks)) <= 5000


@given(
    st.integers(0, 0xFFFF),
    st.lists(st.tuples(st.integers(-3, 30), st.floats(0, 0.2)), min_size=1, max_size=120),
    st.integers(1, 20),
)
def test_every_arrival_is_told_once_it_is_polled(
    first: int, steps: list[tuple[int, float]], poll_each: int
) -> None:
    recorder = ArrivalRecorder(1)
    number, now = first, 1000.0
    arrived: dict[int, float] = {}
    feedbacks: list[TransportFeedback] = []
    for index, (step, pause_s) in enumerate(steps):
        number = (number + step) & 0xFFFF
        now += pause_s
        arrived.setdefault(number, now)
        recorder.receive(number, now)
        if index % poll_each == 0:
            feedbacks += recorder.poll(now)
    feedbacks += recorder.poll(now + 1)
    assert told(wired(feedbacks)) == pytest.approx(arrived, abs=2 * TICK_S)
    counts = [feedback.feedback_count for feedback in feedbacks]
    assert all((b - a) % 256 == 1 for a, b in pairwise(counts))
