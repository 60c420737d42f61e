"""What one signal may say at the most."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.evidence import MOST_CONFIDENCE, RULES, Modality, Outcome, absent, evidence, rule_of

any_number = st.floats(allow_nan=True, allow_infinity=True)


@given(st.sampled_from([*RULES, "learned.clip", "never heard of"]), any_number, any_number)
def test_no_signal_says_more_than_its_rule_allows(
    signal: str, ratio: float, quality: float
) -> None:
    made = evidence(
        signal, "1", 0.0, reason="r", words="w", log_likelihood_ratio=ratio, quality=quality
    )
    rule = rule_of(signal)
    assert rule.most_for_genuine <= made.log_likelihood_ratio <= rule.most_for_synthetic
    assert 0.0 <= made.quality <= 1.0


@pytest.mark.parametrize("outcome", [Outcome.ABSENT, Outcome.INCONCLUSIVE])
def test_what_does_not_speak_has_no_weight(outcome: Outcome) -> None:
    made = evidence(
        "light",
        "1",
        0.0,
        reason="r",
        words="w",
        log_likelihood_ratio=-2.0,
        quality=1.0,
        outcome=outcome,
    )
    assert (made.log_likelihood_ratio, made.speaks) == (0.0, False)
    assert not absent("light", "1", 0.0, "no_face", "No face is in the picture.").speaks


def test_what_was_measured_to_be_chance_weighs_nothing() -> None:
    for signal in ("seam", "pulse", "blinks", "spectrum", "passive_voice", "never heard of"):
        made = evidence(
            signal, "1", 0.0, reason="r", words="w", log_likelihood_ratio=math.inf, quality=1.0
        )
        assert made.log_likelihood_ratio == 0.0
        assert rule_of(signal).modality is Modality.TELEMETRY
    assert MOST_CONFIDENCE[Modality.TELEMETRY] == 0.0


def test_only_a_challenge_may_be_surer_than_an_alert_asks() -> None:
    surer = {kind for kind, most in MOST_CONFIDENCE.items() if most > 0.6}
    assert surer == {Modality.CHALLENGE}
