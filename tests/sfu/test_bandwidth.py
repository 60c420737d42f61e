"""The send-side estimate, alone and with a viewer behind a narrow line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfu.bandwidth import (
    MAX_BITRATE_BPS,
    MIN_BITRATE_BPS,
    START_BITRATE_BPS,
    AcknowledgedRate,
    LossControl,
    RateControl,
    SendSide,
)
from sfu.delay_trend import Usage
from sfu.transport_feedback import TransportFeedback
from tests.sfu.viewer import LAYERS_BPS, STEP_S, Line, Viewer

START_S = 1000  # of a viewer's clock
SCENARIO = settings(max_examples=5)


def layers(viewer: Viewer, duration_s: float) -> list[int | None]:
    return [second.layer for second in viewer.run(duration_s)]


# --- scenarios ---


def test_a_wide_line_is_found_within_a_second() -> None:
    assert set(layers(Viewer(Line(lambda _: 5e6)), 10)) == {2}


def test_without_probes_a_forwarder_never_learns_of_a_wide_line() -> None:
    viewer = Viewer(Line(lambda _: 5e6), probing=False)
    assert layers(viewer, 20)[-1] == 0


@pytest.mark.parametrize(
    ("rate_bps", "layer"), [(250e3, 0), (700e3, 1), (1.0e6, 1), (1.5e6, 1), (2.5e6, 2)]
)
def test_a_narrow_line_gets_the_layer_that_fits_and_no_queue(rate_bps: float, layer: int) -> None:
    viewer = Viewer(Line(lambda _: rate_bps))
    seconds = viewer.run(40)[5:]
    assert {second.layer for second in seconds} == {layer}
    assert sum(second.audio_lost for second in seconds) == 0
    delays_s = sorted(delay for second in seconds for delay in second.delays_s)
    assert delays_s[len(delays_s) * 95 // 100] < 0.1


@pytest.mark.parametrize(
    "line",
    [
        Line(lambda _: 0),
        Line(lambda _: 0, delay_s=0.1),
        Line(lambda _: 0, jitter_s=0.01),
        Line(lambda _: 0, queue_s=0.1),
    ],
)
def test_a_viewer_cut_to_300_kbps_and_freed_again(line: Line) -> None:
    line.rate_bps = lambda now: 300e3 if 10 <= now - START_S < 30 else 5e6
    seconds = Viewer(line).run(45)
    assert seconds[9].layer == 2
    # In three seconds the low layer, and speech unbroken but for the first of them.
    assert {second.layer for second in seconds[12:30]} <= {0, None}
    assert [second.layer for second in seconds[13:30]].count(0) >= 15
    assert sum(second.audio_lost for second in seconds[10:12]) <= 8
    assert sum(second.audio_lost for second in seconds[12:30]) == 0
    # And the best one again in ten.
    assert {second.layer for second in seconds[40:]} == {2}


def test_random_loss_of_five_percent_costs_no_layer() -> None:
    assert set(layers(Viewer(Line(lambda _: 5e6, loss=0.05)), 20)) == {2}


def test_heavy_loss_lowers_the_layer() -> None:
    assert layers(Viewer(Line(lambda _: 5e6, loss=0.3)), 20)[-1] in {0, None}


@pytest.mark.parametrize("jitter_s", [0.01, 0.03])
def test_jitter_costs_no_layer(jitter_s: float) -> None:
    found = layers(Viewer(Line(lambda _: 5e6, jitter_s=jitter_s)), 30)
    assert set(found[2:]) == {2}


@SCENARIO
@given(st.integers(200_000, 6_000_000), st.floats(0.005, 0.15), st.integers(0, 1000))
def test_any_line_carries_speech_once_it_is_known(rate_bps: int, delay_s: float, seed: int) -> None:
    viewer = Viewer(Line(lambda _: rate_bps, delay_s=delay_s, jitter_s=0.002))
    viewer.line.random.seed(seed)
    seconds = viewer.run(25)[5:]
    sent = sum(second.audio_sent for second in seconds)
    assert sum(second.audio_lost for second in seconds) <= 0.02 * sent
    best = max((bps for bps in LAYERS_BPS if bps < 0.6 * rate_bps), default=0)
    reached = [LAYERS_BPS[s.layer] if s.layer is not None else 0 for s in seconds]
    assert sum(bps >= best for bps in reached) >= 0.8 * len(reached)


# --- the parts ---


def test_an_idle_connection_keeps_its_estimate() -> None:
    side = SendSide()
    assert side.estimate_bps == START_BITRATE_BPS
    assert side.probe_bytes(10.0, 0) == 0


def test_sequence_numbers_wrap() -> None:
    side = SendSide()
    numbers = [side.send(100, 0.0) for _ in range(65540)]
    assert numbers[65534:] == [65534, 65535, 0, 1, 2, 3]


feedbacks = st.builds(
    TransportFeedback,
    sender_ssrc=st.just(1),
    media_ssrc=st.just(2),
    base_sequence=st.integers(0, 0xFFFF),
    status_count=st.integers(0, 0xFFFF),
    reference_time=st.integers(-(1 << 23), (1 << 23) - 1),
    feedback_count=st.integers(0, 255),
    arrivals=st.lists(
        st.tuples(st.integers(0, 0xFFFF) | st.integers(0, 300), st.integers(-(1 << 20), 1 << 20)),
        max_size=50,
    ).map(tuple),
)


@given(st.lists(st.tuples(st.integers(0, 200), feedbacks), max_size=20))
def test_a_lying_viewer_breaks_nothing(story: list[tuple[int, TransportFeedback]]) -> None:
    side = SendSide()
    now = 0.0
    for count, feedback in story:
        for _ in range(count):
            now += 0.002
            side.send(1000, now)
            side.probe_bytes(now, 2_000_000)
        side.receive_feedback(feedback, now)
        assert MIN_BITRATE_BPS <= side.estimate_bps <= MAX_BITRATE_BPS
        assert 0 <= side.loss_fraction <= 1


def test_the_same_feedback_again_counts_nothing() -> None:
    side = SendSide()
    for index in range(100):
        side.send(1000, index * STEP_S)
    feedback = TransportFeedback(
        1, 2, 0, 100, 0, 0, tuple((index, 20 * index) for index in range(100))
    )
    side.receive_feedback(feedback, 0.5)
    before = (side.estimate_bps, side.round_trip_s)
    for _ in range(50):
        side.receive_feedback(feedback, 5.0)
    assert (side.estimate_bps, side.round_trip_s) == before


def test_the_round_trip_is_learned() -> None:
    viewer = Viewer(Line(lambda _: 5e6, delay_s=0.08))
    viewer.run(5)
    # Twice the delay, and the time that feedback waits to be sent.
    assert 0.16 < viewer.side.round_trip_s < 0.24


def test_loss_is_told_as_a_fraction() -> None:
    viewer = Viewer(Line(lambda _: 5e6, loss=0.2))
    viewer.run(6)
    assert 0.1 < viewer.side.loss_fraction < 0.35


@pytest.mark.parametrize(
    ("usages", "direction"),
    [
        ([Usage.NORMAL] * 20, 1),
        ([Usage.OVERUSE] * 2, -1),
        ([Usage.NORMAL, Usage.UNDERUSE, Usage.UNDERUSE], 0),
    ],
)
def test_the_rate_grows_holds_and_falls_with_the_queue(usages: list[Usage], direction: int) -> None:
    control = RateControl(1_000_000)
    control.update(Usage.UNDERUSE, 1_000_000, 0.05, 0.0)
    for index, usage in enumerate(usages):
        control.update(usage, 1_000_000, 0.05, 0.1 * (index + 1) if direction else 0.0)
    change = control.bitrate_bps - 1_000_000
    assert (change > 0) - (change < 0) == direction
    assert abs(change) <= 170_000


def test_the_rate_falls_to_a_part_of_what_arrived() -> None:
    control = RateControl(5_000_000)
    control.update(Usage.OVERUSE, 1_000_000, 0.05, 0.0)
    assert control.bitrate_bps == 850_000


def test_the_rate_does_not_grow_far_beyond_what_is_sent() -> None:
    control = RateControl(1_000_000)
    for index in range(10_000):
        control.update(Usage.NORMAL, 1_000_000, 0.05, 0.1 * index)
    assert control.bitrate_bps <= 1_510_000


@pytest.mark.parametrize(
    ("lost", "fraction", "limited"), [(0, 0.0, False), (5, 0.05, False), (20, 0.2, True)]
)
def test_only_heavy_loss_limits(lost: int, fraction: float, limited: bool) -> None:
    control = LossControl()
    for index in range(12):
        control.add(100, 100 - lost, 1_000_000, 500_000, 0.1 * index)
    assert control.fraction == pytest.approx(fraction)
    assert (control.limit_bps < 1_000_000) is limited


def test_a_limit_of_loss_never_falls_below_what_arrives() -> None:
    control = LossControl()
    for index in range(100):
        control.add(100, 60, min(1e6, control.limit_bps), 800_000, 0.1 * index)
    assert control.limit_bps == 800_000


def test_a_limit_of_loss_grows_back() -> None:
    control = LossControl()
    for index in range(12):
        control.add(100, 50, 1_000_000, 0, 0.1 * index)
    limited_bps = control.limit_bps
    for index in range(12, 100):
        control.add(100, 100, 1_000_000, 0, 0.1 * index)
    assert control.limit_bps > 1.5 * limited_bps


def test_the_acknowledged_rate_is_that_of_the_last_half_second() -> None:
    rate = AcknowledgedRate()
    found = [rate.add(12_500, index * 0.1) for index in range(20)]
    assert found[0] is None
    assert found[-1] == pytest.approx(1_000_000, rel=0.01)
    for index in range(20, 30):
        last = rate.add(1250, index * 0.1)
    assert last == pytest.approx(100_000, rel=0.01)


def test_the_acknowledged_rate_forgets_over_a_pause() -> None:
    rate = AcknowledgedRate()
    for index in range(10):
        rate.add(12_500, index * 0.1)
    assert rate.add(12_500, 60.0) is None
    assert rate.add(12_500, 60.1) is None
    assert rate.add(12_500, 60.2) == pytest.approx(1_000_000)


def test_near_the_bottleneck_the_rate_grows_slowly_and_fast_again_beyond_it() -> None:
    def growth(control: RateControl, acknowledged_bps: float, start_s: float) -> float:
        before_bps = control.bitrate_bps
        for index in range(21):
            control.update(Usage.NORMAL, acknowledged_bps, 0.05, start_s + 0.1 * index)
        return control.bitrate_bps / before_bps

    control = RateControl(1_000_000)
    assert growth(control, 1_000_000, 0.0) > 1.13
    control.update(Usage.OVERUSE, 1_000_000, 0.05, 3.0)
    assert 1.0 < growth(control, 1_000_000, 4.0) < 1.10
    # What arrives now is far more than when the queue grew: that bottleneck is gone.
    assert growth(control, 1_500_000, 7.0) > 1.13


def test_the_epoch_of_the_peer_wraps_without_a_jump() -> None:
    side = SendSide()
    now = 0.0
    for index in range(200):
        now += 0.064
        sequence = side.send(1000, now)
        reference_time = (1 << 23) - 100 + index
        if reference_time >= 1 << 23:
            reference_time -= 1 << 24
        side.receive_feedback(
            TransportFeedback(1, 2, sequence, 1, reference_time, 0, ((sequence, 0),)), now
        )
    # A jump would look like an enormous queue, and halve the rate.
    assert side.estimate_bps >= START_BITRATE_BPS


def test_feedback_that_is_lost_is_not_loss_of_what_it_told_of() -> None:
    side = SendSide()
    now = 0.0
    for round_ in range(200):
        for _ in range(10):
            side.send(1000, now)
        now += 0.05
        if round_ % 5 == 0:
            continue
        base = round_ * 10
        arrivals = tuple(((base + i) & 0xFFFF, i) for i in range(10))
        ticks = int(now / 0.064)
        side.receive_feedback(TransportFeedback(1, 2, base & 0xFFFF, 10, ticks, 0, arrivals), now)
    assert side.loss_fraction == 0.0
