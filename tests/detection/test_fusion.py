"""From evidence to a state: what must hold whatever was seen."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.evidence import RULES, Evidence, Modality, Outcome, absent, evidence, rule_of
from detection.fusion import Record, Score, State, Thresholds, dump, explain, judge, load
from detection.weighing import fade, weigh

CHALLENGES = [name for name, rule in RULES.items() if rule.modality is Modality.CHALLENGE]
PASSIVE = [name for name in RULES if name not in CHALLENGES and name != "quality"]
PRIOR = Thresholds().prior


def gate(at_s: float = 0.0, quality: float = 1.0) -> Evidence:
    return evidence("quality", "1", at_s, reason="good", words="A face is there.", quality=quality)


def said(signal: str, ratio: float, at_s: float = 0.0, quality: float = 1.0) -> Evidence:
    return evidence(
        signal, "1", at_s, reason="r", words="w", log_likelihood_ratio=ratio, quality=quality
    )


def answered(outcome: Outcome, at_s: float = 0.0, signal: str = "light") -> Evidence:
    ratio = {Outcome.PASSED: -9.0, Outcome.FAILED: 9.0}.get(outcome, 0.0)
    return evidence(
        signal,
        "1",
        at_s,
        reason="r",
        words="w",
        log_likelihood_ratio=ratio,
        quality=1.0,
        outcome=outcome,
        challenge="c1",
    )


def scored(*pieces: Evidence, at_s: float = 0.0, **more: object) -> Score:
    return judge(Record(at_s, (gate(at_s), *pieces), **more))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Case:
    name: str
    pieces: tuple[Evidence, ...]
    state: State
    more: dict[str, object] = field(default_factory=dict)


CASES = [
    Case("nothing but a good picture", (), State.UNKNOWN),
    Case("a look that found nothing", (said("learned", -0.1),), State.NO_SIGN),
    Case("a passed challenge", (answered(Outcome.PASSED),), State.VERIFIED),
    Case("a failed challenge alone", (answered(Outcome.FAILED),), State.SUSPICIOUS),
    Case(
        "two failed challenges",
        (answered(Outcome.FAILED), answered(Outcome.FAILED, signal="motion")),
        State.LIKELY_SYNTHETIC,
    ),
    Case(
        "a failed challenge and a look that agrees",
        (answered(Outcome.FAILED), said("learned", 1.2), said("lips", 0.5)),
        State.LIKELY_SYNTHETIC,
    ),
    Case("an answer that told nothing", (answered(Outcome.INCONCLUSIVE),), State.UNKNOWN),
    Case(
        "everything that looking can say",
        tuple(said(name, 9.0) for name in PASSIVE),
        State.SUSPICIOUS,
    ),
    Case(
        "a failure after a pass",
        (answered(Outcome.PASSED, -9.0), answered(Outcome.FAILED)),
        State.NO_SIGN,
    ),
    Case("a cut after a pass", (answered(Outcome.PASSED, -9.0),), State.UNKNOWN, {"cut_s": -1.0}),
    Case(
        "nobody agreed to be looked at",
        (answered(Outcome.PASSED),),
        State.UNKNOWN,
        {"blind": "not_consented"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_state_follows_from(case: Case) -> None:
    assert scored(*case.pieces, **case.more).state is case.state


pieces = st.builds(
    said,
    st.sampled_from(PASSIVE),
    st.floats(-3, 3),
    st.floats(-400, 0),
    st.floats(0, 1),
)
answers = st.builds(
    answered, st.sampled_from(list(Outcome)), st.floats(-400, 0), st.sampled_from(CHALLENGES)
)
anything = st.lists(st.one_of(pieces, answers), max_size=12)
states = st.sampled_from(list(State))


@given(
    st.lists(pieces, max_size=60),
    st.sampled_from([one for one in State if one != State("likely_synthetic")]),
)
def test_looking_and_listening_alone_never_alerts(seen: list[Evidence], before: State) -> None:
    score = scored(*seen, previous=before)
    assert not score.alert
    assert score.confidence < Thresholds().alert_confidence


@given(anything, st.sampled_from([*RULES]), states)
def test_absence_never_raises_confidence(seen: list[Evidence], signal: str, before: State) -> None:
    missing = [
        absent(signal, "1", 0.0, "no_face", "No face."),
        answered(Outcome.INCONCLUSIVE, signal="motion"),
    ]
    bare, more = scored(*seen, previous=before), scored(*seen, *missing, previous=before)
    assert more.confidence <= bare.confidence
    assert more.risk in (bare.risk, max(PRIOR, bare.risk))


@given(anything, st.floats(0, 500), st.floats(0, 500))
def test_waiting_never_makes_surer(seen: list[Evidence], one_s: float, other_s: float) -> None:
    sooner, later = sorted((one_s, other_s))
    before, after = (weigh(seen, now_s, prior=PRIOR) for now_s in (sooner, later))
    assert after.confidence <= before.confidence + 1e-12
    assert all(fade(one, later) <= fade(one, sooner) for one in seen)


@given(anything, pieces, st.floats(0, 3))
def test_stronger_evidence_never_lowers_the_risk(
    seen: list[Evidence], one: Evidence, stronger_by: float
) -> None:
    stronger = said(one.signal, one.log_likelihood_ratio + stronger_by, one.at_s, one.quality)
    weaker_risk = weigh([*seen, one], 0.0, prior=PRIOR).risk
    assert weigh([*seen, stronger], 0.0, prior=PRIOR).risk >= weaker_risk - 1e-12


@given(anything, states, st.sampled_from(["", "muted", "scorer_down"]), st.booleans())
def test_unknown_is_sure_of_nothing_and_speaks_for_nobody(
    seen: list[Evidence], before: State, blind: str, looked: bool
) -> None:
    score = judge(Record(0.0, (*seen, *([gate()] if looked else [])), before, blind=blind))
    if score.state is State.UNKNOWN:
        assert score.why
        assert (score.confidence, score.verified, score.alert) == (0.0, None, False)
        assert score.risk >= PRIOR
    else:
        assert looked
        assert not blind


@given(anything, states, st.one_of(st.none(), st.floats(-300, 0)))
def test_a_stored_record_gives_the_same_score(
    seen: list[Evidence], before: State, cut_s: float | None
) -> None:
    record = Record(0.0, (gate(), *seen), before, cut_s)
    again = load(dump(record))
    assert judge(again) == judge(record)
    assert explain(again) == explain(record)


@pytest.mark.parametrize(
    ("last", "why"),
    [
        (gate(-13.5), "stale"),
        (absent("quality", "1", 0.0, "too_dark", "It is too dark."), "too_dark"),
        (absent("quality", "1", 0.0, "no_face", "No face."), "no_face"),
    ],
)
def test_blindness_wins_over_what_was_seen_before(last: Evidence, why: str) -> None:
    score = judge(Record(0.0, (gate(-20.0), answered(Outcome.PASSED, -20.0), last)))
    assert (score.state, score.why) == (State.UNKNOWN, why)


def test_verification_fades_over_five_minutes() -> None:
    risks = [scored(answered(Outcome.PASSED, -age_s)).risk for age_s in (0.0, 100.0, 200.0)]
    assert risks == sorted(risks)
    verified = scored(answered(Outcome.PASSED, -150.0)).verified
    assert verified
    assert verified.strength == pytest.approx(0.5)
    assert scored(answered(Outcome.PASSED, -301.0)).state is State.UNKNOWN


def test_a_state_is_kept_a_little_below_where_it_was_reached() -> None:
    fading = (answered(Outcome.FAILED, -40.0), answered(Outcome.FAILED, -40.0, "motion"))
    assert scored(*fading).state is State.SUSPICIOUS
    assert scored(*fading, previous=State.LIKELY_SYNTHETIC).state is State.LIKELY_SYNTHETIC


def test_signals_that_err_together_count_less_than_alone() -> None:
    alone = sum(
        weigh([said(name, 9.0)], 0.0, prior=PRIOR).log_odds for name in ("learned", "baseline")
    )
    together = weigh([said("learned", 9.0), said("baseline", 9.0)], 0.0, prior=PRIOR).log_odds
    apart = weigh([said("learned", 9.0), said("lips", 9.0)], 0.0, prior=PRIOR).log_odds
    start = weigh([], 0.0, prior=PRIOR).log_odds
    assert together - start == pytest.approx(1.2 + 0.8 / 2)
    assert together - start < alone - 2 * start
    assert apart - start == pytest.approx(1.2 + 0.5)


def test_explaining_names_every_piece_and_its_models() -> None:
    piece = evidence(
        "learned.clip",
        "3",
        -5.0,
        reason="looks_generated",
        words="It looks generated.",
        log_likelihood_ratio=0.5,
        quality=0.5,
        models=("clip 1.1.0 abcdef",),
        measured={"likeness": 0.25},
    )
    text = explain(Record(0.0, (gate(), piece)))
    assert "learned.clip v3" in text
    assert "clip 1.1.0 abcdef" in text
    assert "measured likeness 0.25" in text
    assert f"risk {judge(Record(0.0, (gate(), piece))).risk:.3f}" in text
    assert rule_of("learned.clip") is RULES["learned"]
