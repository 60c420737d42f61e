"""A face follows the screen, or it does not, or nobody can tell."""

import itertools
import secrets
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from msgspec import structs

from detection.challenge import LIGHT, LOOKS, LightPlan, ask_light, family
from detection.evidence import Evidence, Outcome
from detection.light_response import Part, Response, Seen, respond, together
from detection.light_verdict import CHANCES, CHANCES_AGAIN, WORTH_ANOTHER, Verdict, judge
from detection.media import Face, Picture, Points, Sight
from detection.signals import Asked, Withdrawn
from detection.signals.light import WORDS, Light

PLANS = [LightPlan(f"{number:032x}", number * 31) for number in range(4)]
FRAMES_PER_S = 15.0


def seen(
    plan: LightPlan,
    *,
    face: float = 0.0,
    behind: float = 0.0,
    lag_s: float = 0.15,
    noise: float = 0.004,
    missing: float = 0.0,
    seed: int = 1,
) -> Seen:
    """Light of five regions and a background, of which the screen adds these shares."""
    random = np.random.default_rng(seed)
    times = np.arange(0, plan.duration_s + 0.8, 1 / FRAMES_PER_S)
    times = times[random.random(len(times)) >= missing]
    slot = ((times - lag_s) / plan.slot_s).astype(int).clip(0, plan.slots - 1)
    screen = LIGHT[family(plan.seed)[plan.number]][slot]
    screen[times < lag_s] = 0.2
    drift = np.exp(0.03 * np.sin(times / 3))[:, None]
    skin = np.array([0.4, 0.25, 0.2])
    regions = skin * (1 + face * screen[:, None] * np.linspace(0.6, 1, 5)[:, None]) * drift[:, None]
    background = np.array([0.3, 0.3, 0.35]) * (1 + behind * screen) * drift
    regions = regions * np.exp(random.normal(0, noise, regions.shape))
    background = background * np.exp(random.normal(0, noise / 3, background.shape))
    return Seen(times, regions, background[:, None])


def answer(plan: LightPlan, what: Seen, proven: float = 0.0) -> tuple[Verdict, str]:
    verdict, reason = Verdict.INCONCLUSIVE, ""
    for look, slots in enumerate(LOOKS):
        verdict, reason = judge(respond(what, plan, slots, 0.1), CHANCES[look], proven)
        if verdict is not Verdict.INCONCLUSIVE:
            break
    return verdict, reason


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: str(plan.number))
@pytest.mark.parametrize("share", [0.04, 0.15])
def test_a_lit_face_passes(plan: LightPlan, share: float) -> None:
    assert answer(plan, seen(plan, face=share, behind=share / 5)) == (
        Verdict.PASSED,
        "light_followed",
    )


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: str(plan.number))
def test_a_tint_over_everything_never_passes(plan: LightPlan) -> None:
    verdict, _ = answer(plan, seen(plan, face=0.1, behind=0.085))
    assert verdict is not Verdict.PASSED


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: str(plan.number))
def test_a_restless_background_hides_no_faint_light(plan: LightPlan) -> None:
    lit = seen(plan, face=0.03)
    restless = np.random.default_rng(3).normal(0, 0.08, lit.background.shape)
    ground = lit.background * np.exp(restless)
    found = respond(replace(lit, background=ground), plan, LOOKS[-1], 0.1)
    assert found is not None
    assert found.answer.chance <= CHANCES[0]


def test_what_is_behind_is_known_by_its_quiet_fields() -> None:
    plan = PLANS[0]
    lit = seen(plan, face=0.03, behind=0.003)
    restless = np.random.default_rng(3).normal(0, 0.2, lit.background.shape)
    quiet = np.repeat(lit.background, 3, axis=1)
    fields = np.concatenate([quiet, lit.background * np.exp(restless)], axis=1)
    found = respond(replace(lit, background=fields), plan, LOOKS[-1], 0.1)
    assert found is not None
    assert found.background_error < 0.1


def test_chance_passes_as_seldom_as_it_says() -> None:
    plan = PLANS[0]
    recorded = seen(plan, face=0.1, behind=0.01)
    others = [LightPlan(plan.seed, number) for number in range(5, 1600, 80)]
    found = [respond(recorded, other, LOOKS[0], 0.1) for other in others]
    chances = [one.answer.chance for one in found if one is not None]
    assert len(chances) == len(others)
    assert 0.2 < np.mean(chances) < 0.8
    assert sum(chance <= CHANCES[0] for chance in chances) <= 1


def test_an_unlit_face_counts_against_nobody_until_it_was_lit_before() -> None:
    plan = PLANS[1]
    unlit = seen(plan)
    assert answer(plan, unlit)[0] is Verdict.INCONCLUSIVE
    assert answer(plan, unlit, proven=0.1) == (Verdict.FAILED, "light_no_longer_followed")


def test_light_that_comes_too_late_does_not_pass() -> None:
    plan = PLANS[2]
    late = seen(plan, face=0.1, lag_s=1.0)
    assert answer(plan, late)[0] is not Verdict.PASSED


@pytest.mark.parametrize("missing", [0.3, 0.5])
def test_lost_pictures_are_no_harm(missing: float) -> None:
    plan = PLANS[3]
    assert answer(plan, seen(plan, face=0.1, missing=missing))[0] is Verdict.PASSED


def test_too_few_pictures_or_no_background_say_nothing() -> None:
    plan = PLANS[0]
    whole = seen(plan, face=0.1)
    blind = replace(whole, background=np.full_like(whole.background, np.nan))
    few = seen(plan, face=0.1, missing=0.9)
    for nothing in (blind, few):
        assert answer(plan, nothing) == (Verdict.INCONCLUSIVE, "too_little_seen")


def test_lag_and_strength_are_found() -> None:
    plan = PLANS[1]
    found = respond(seen(plan, face=0.1, behind=0.02, lag_s=0.25), plan, LOOKS[-1], 0.1)
    assert found is not None
    assert found.lag_s == pytest.approx(0.25, abs=0.11)
    assert found.answer.amplitude == pytest.approx(0.06, abs=0.03)
    assert found.background_ratio < 0.4
    assert found.agreeing == 1.0
    assert found.answer.chance <= 1 / 1000


LIT = Part(amplitude=0.08, amplitude_error=0.01, correlation=0.6, chance=0.0006)
UNLIT = replace(LIT, amplitude=0.0, correlation=0.0, chance=0.5)
GOOD = Response(LIT, LIT, replace(LIT, amplitude=0.008), (LIT, LIT, None), 0.15, 1.0, 14)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"background": replace(LIT, amplitude=0.064)}, "background_follows"),
        ({"background": replace(LIT, amplitude=-0.16)}, "background_follows"),
        ({"background": replace(LIT, amplitude=0.032)}, "background_unclear"),
        ({"background": replace(UNLIT, amplitude_error=0.07)}, "background_unclear"),
        ({"regions": (LIT, UNLIT, UNLIT)}, "regions_disagree"),
        ({"answer": replace(LIT, amplitude=2.0)}, "light_too_strong"),
        ({"answer": replace(LIT, chance=0.01)}, "light_too_weak"),
    ],
)
def test_each_check_alone_stops_a_pass(change: dict[str, Part], reason: str) -> None:
    assert judge(GOOD, CHANCES[0])[0] is Verdict.PASSED
    assert judge(replace(GOOD, **change), CHANCES[0]) == (Verdict.INCONCLUSIVE, reason)
    assert reason in WORDS


def test_two_unclear_answers_are_clear_together() -> None:
    found = [
        respond(seen(plan, face=0.0055, noise=0.02), plan, LOOKS[-1], 0.1) for plan in PLANS[1:3]
    ]
    first, second = (one for one in found if one is not None)
    assert judge(first, CHANCES[-1]) == judge(second, CHANCES[-1])
    assert judge(first, CHANCES[-1])[1] in WORTH_ANOTHER
    both = together(first, second)
    assert judge(both, CHANCES_AGAIN[-1])[0] is Verdict.PASSED
    assert both.answer.amplitude_error < min(
        first.answer.amplitude_error, second.answer.amplitude_error
    )


def test_two_answers_by_chance_are_no_more_likely_than_they_say() -> None:
    random = np.random.default_rng(1)
    answers = [
        replace(GOOD, answer=replace(LIT, chance=float(rank) / 1700))
        for rank in random.integers(1, 1701, 4000)
    ]
    found = [together(*pair).answer.chance for pair in itertools.pairwise(answers)]
    for allowed in (0.01, 0.1):
        assert np.mean(np.array(found) <= allowed) < 1.5 * allowed


def test_all_looks_together_let_through_less_than_one_in_a_hundred() -> None:
    assert sum(CHANCES) + sum(CHANCES_AGAIN) < 0.01


MESH: Points = np.zeros((478, 3), dtype=np.float32)
MESH[:, :2] = (160, 120)
MESH[[127, 356, 151, 50, 280, 5, 199], :2] = [
    (110, 110), (210, 110), (160, 80), (135, 130), (185, 130), (160, 120), (160, 165),
]  # fmt: skip


def sight(at_s: float, colour: np.ndarray | tuple[float, float, float], size: float = 100) -> Sight:
    pixels = np.full((240, 320, 3), 110, dtype=np.uint8)
    pixels[60:190, 105:215] = np.clip(
        np.array([150, 115, 100]) * np.asarray(colour) ** 0.45, 0, 255
    )
    face = Face(110, 60, size, 120, 0.9, ((135, 100), (185, 100)), MESH, 0.99)
    return Sight(Picture(at_s, at_s, pixels), (face,))


def asked(plan: LightPlan, begins_s: float = 100.0) -> Asked:
    raw = msgspec.json.encode(plan).decode()
    return Asked(begins_s, "c1", "light", begins_s, begins_s + plan.duration_s, raw, 0.05)


def run(signal: Light, plan: LightPlan, share: float, begins_s: float = 100.0) -> list[Evidence]:
    signal.tell(asked(plan, begins_s))
    said: list[Evidence] = []
    for number in range(int((plan.duration_s + 2) * FRAMES_PER_S)):
        now_s = begins_s + number / FRAMES_PER_S
        slot = int((now_s - begins_s - 0.1) / plan.slot_s)
        screen = LIGHT[family(plan.seed)[plan.number][min(max(slot, 0), plan.slots - 1)]]
        signal.look(sight(now_s, 1 + share * screen))
        said += signal.conclude(now_s)
    return said


def test_the_signal_asks_for_no_more_light_than_it_needs() -> None:
    signal, plan = Light(), ask_light(secrets.token_bytes)
    (said,) = run(signal, plan, 0.15)
    assert said.outcome is Outcome.PASSED
    assert said.log_likelihood_ratio == -2.0
    assert said.challenge == "c1"
    assert said.at_s < 108
    assert 0 < said.quality < 1
    assert said.measured["chance"] <= CHANCES[0]
    (then,) = run(signal, ask_light(secrets.token_bytes), 0.0, 200.0)
    assert (then.outcome, then.reason) == (Outcome.FAILED, "light_no_longer_followed")


@pytest.mark.parametrize(("is_cut", "slots"), [(False, 2 * LOOKS[-1]), (True, LOOKS[0])])
def test_a_second_sequence_is_judged_with_the_first_unless_cut(is_cut: bool, slots: int) -> None:
    signal = Light()
    (first,) = run(signal, PLANS[0], 0.0)
    assert first.reason == "light_too_weak"
    if is_cut:
        signal.cut()
    (then,) = run(signal, structs.replace(PLANS[1], continues="c1"), 0.15, 200.0)
    assert then.measured["slots"] == slots


def test_nobody_in_the_picture_is_inconclusive_and_weighs_nothing() -> None:
    signal, plan = Light(), PLANS[2]
    signal.tell(asked(plan))
    said = [one for now_s in range(100, 120) for one in signal.conclude(float(now_s))]
    assert [(one.outcome, one.log_likelihood_ratio) for one in said] == [
        (Outcome.INCONCLUSIVE, 0.0)
    ]


def test_a_cut_ends_the_challenge_and_a_refusal_forgets_it() -> None:
    signal = Light()
    signal.tell(asked(PLANS[3]))
    signal.cut()
    (said,) = signal.conclude(101.0)
    assert (said.outcome, said.reason) == (Outcome.INCONCLUSIVE, "cut_short")
    signal.tell(asked(PLANS[3]))
    signal.tell(Withdrawn(101.0, "c1"))
    assert signal.conclude(130.0) == ()


@pytest.mark.parametrize("size", [(2, 2), (16, 400), (720, 16)])
def test_pictures_of_odd_sizes_are_measured_or_passed_over(size: tuple[int, int]) -> None:
    signal = Light()
    signal.tell(asked(PLANS[0]))
    pixels = np.full((*size, 3), 120, dtype=np.uint8)
    for step in range(200):
        at_s = 100 + step / 12
        face = Face(110, 60, 100, 120, 0.9, ((135, 100), (185, 100)), MESH, 0.99)
        signal.look(Sight(Picture(at_s, at_s, pixels), (face,)))
    (said,) = [one for now_s in (106.5, 110.5, 120.0) for one in signal.conclude(now_s)]
    assert said.outcome is Outcome.INCONCLUSIVE
