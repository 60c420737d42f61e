"""Whether the colour of a face followed a screen: arithmetic on means, nothing else.

Knows the regression of skin chroma on a sequence of screen colours, and how likely an answer as
good is by chance: the share of all sequences that might have been asked which it fits as well.
That false-accept probability needs no training data.  It refuses to know pictures and faces
(`detection.skin`), what the outcome weighs, and who asked.

Light from a screen changes the log of a colour channel by its share of all the light that falls on
a place, whatever the place's own colour.  A camera's white balance and a tint laid over the whole
picture change face and background alike, so the background is subtracted first.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from detection.challenge import CHROMA, LightPlan, family
from detection.light_fit import RATE_HZ, STEP_S, fit, shape_of, slope, slots_of, without_slow

Floats = NDArray[np.float64]

_LAG_STEP_S = 0.05
# The false-accept probability allowed to each look; together under 1 %.
CHANCES = (0.002, 0.003, 0.004)
# Screen, exposure, encoder and jitter buffer, beside the measured round trip.
_OWN_DELAY_S = 0.45
# Fewer of the bins with a picture in them than this say nothing.
_LEAST_COVERED = 0.5
# A background that changes this much as the face does was not lit by a screen before the face:
# light falls with the square, and a wall a quarter of a metre behind a face half a metre away gets
# 0.44.  A colour laid over all of a picture gave 0.47 and 0.66 where the background was brighter.
_MOST_BACKGROUND = 0.45
# One that goes the other way by more than the face does is a camera's balance, and no light on the
# face: 95 honest answers had -0.37 and more, two that a camera alone gave had -13 and none.
_LEAST_BACKGROUND = -1.0
_NO_RATIO = -99.0
# Background and face changing alike within these is no room.
_ALIKE = (0.85, 1.2)
_LEAST_AGREEING = 0.5
_REGION_CHANCE = 0.1
# More is no screen at arm's length: the picture is painted.
_MOST_AMPLITUDE = 1.5


class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Seen:
    """Mean linear light (red, green, blue) of each picture; NaN where nothing was measured."""

    times_s: Floats
    """Since the page began, in the order of arrival."""
    regions: Floats
    """Pictures x regions of skin x 3."""
    background: Floats
    """Pictures x 3."""


@dataclass(frozen=True, slots=True)
class Response:
    """What the screen did to the face, as far as it was watched."""

    chance: float
    """Share of the sequences that might have been asked which fit at least as well."""
    amplitude: float
    """Light of the screen as a share of the other light on the face."""
    amplitude_error: float
    """One standard error."""
    lag_s: float
    background_ratio: float
    """How much the background followed, for each of the face's; a screen's light falls off."""
    agreeing: float
    """Share of the regions that followed on their own."""
    covered: float
    """Share of the time in which pictures came."""
    whole_chance: float
    """The chance without subtracting the background."""
    slots: int


def respond(seen: Seen, plan: LightPlan, slots: int, round_trip_s: float) -> Response | None:
    """What the first `slots` slots did to the face; None if there is not enough to go by."""
    lags_s = np.arange(_LAG_STEP_S, round_trip_s + _OWN_DELAY_S, _LAG_STEP_S)
    duration_s = slots * plan.slot_s
    covered = _covered(seen, duration_s)
    if covered < _LEAST_COVERED:
        return None
    heard = _heard(seen, lags_s, duration_s)
    regions, ground = heard[:, :, :-1], heard[:, :, -1]
    visible = np.isfinite(regions).all(axis=(0, 1, 3))
    if not visible.any() or not np.isfinite(ground).all():
        return None
    face = regions[:, :, visible].mean(axis=2)
    sequences = CHROMA[family(plan.seed)[:, :slots]]
    shape = shape_of(slots, plan.slot_s)
    number = plan.number
    found = fit(face - ground, sequences, shape)
    lag = int(found.lags[number])
    asked = without_slow(sequences[number][slots_of(slots, plan.slot_s)])
    amplitude = slope((face - ground)[lag], asked)
    seen_regions = regions[lag : lag + 1, :, visible] - ground[lag : lag + 1, :, None]
    return Response(
        chance=found.chance(number),
        amplitude=amplitude,
        amplitude_error=float(np.delete(found.slopes, number).std()),
        lag_s=float(lags_s[lag]),
        background_ratio=_ratio(slope(ground[lag], asked), slope(face[lag], asked)),
        agreeing=_agreeing(seen_regions, sequences, shape, number),
        covered=covered,
        whole_chance=fit(face, sequences, shape).chance(number),
        slots=slots,
    )


def judge(
    response: Response | None, look: int, proven_amplitude: float = 0.0
) -> tuple[Verdict, str]:
    """Verdict and reason of one look.

    `proven_amplitude` is what the same person's face did before under the same light, or nothing.
    Without it an unlit face is a bright room or a poor camera, which count against nobody.
    """
    if response is None:
        return Verdict.INCONCLUSIVE, "too_little_seen"
    if response.chance <= CHANCES[look] and response.amplitude > 0:
        return _followed(response)
    if _whole_picture_follows(response, CHANCES[look]):
        # A camera's balance did that to one honest answer in 128: it is held against nobody.
        return Verdict.INCONCLUSIVE, "whole_picture_follows"
    most = response.amplitude + 3 * response.amplitude_error
    if proven_amplitude > 0 and most < 0.4 * proven_amplitude:
        return Verdict.FAILED, "light_no_longer_followed"
    return Verdict.INCONCLUSIVE, "light_too_weak"


def _followed(response: Response) -> tuple[Verdict, str]:
    if not _LEAST_BACKGROUND <= response.background_ratio <= _MOST_BACKGROUND:
        return Verdict.INCONCLUSIVE, "background_follows"
    if response.agreeing < _LEAST_AGREEING:
        return Verdict.INCONCLUSIVE, "regions_disagree"
    if response.amplitude > _MOST_AMPLITUDE:
        return Verdict.INCONCLUSIVE, "light_too_strong"
    return Verdict.PASSED, "light_followed"


def _whole_picture_follows(response: Response, chance: float) -> bool:
    low, high = _ALIKE
    return response.whole_chance <= chance and low < response.background_ratio < high


def _covered(seen: Seen, duration_s: float) -> float:
    """Share of the bins with a face in them."""
    there = np.isfinite(seen.regions).any(axis=(1, 2))
    there &= (seen.times_s >= 0) & (seen.times_s < duration_s)
    bins = np.unique((seen.times_s[there] * RATE_HZ).astype(int))
    return len(bins) / round(duration_s * RATE_HZ)


def _heard(seen: Seen, lags_s: Floats, duration_s: float) -> Floats:
    """Log chroma as it came that much later: lags x bins x (regions, background) x 2."""
    light = np.concatenate([seen.regions, seen.background[:, None]], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(np.where(light > 0, light, np.nan))
    chroma = np.stack([log[..., 0] - log[..., 1], log[..., 2] - log[..., 1]], axis=-1)
    flat = chroma.reshape(len(chroma), -1)
    bins = round(duration_s * RATE_HZ)
    at_s = (np.arange(bins) + 0.5) * STEP_S + lags_s[:, None]
    heard = np.full((*at_s.shape, flat.shape[1]), np.nan)
    for column, values in enumerate(flat.T):
        good = np.isfinite(values)
        # What is seldom seen is not interpolated out of nothing.
        if good.sum() >= _LEAST_COVERED * bins:
            heard[..., column] = np.interp(at_s, seen.times_s[good], values[good])
    return heard.reshape(*at_s.shape, *chroma.shape[1:])


def _ratio(background: float, face: float) -> float:
    return background / face if face > 0 else _NO_RATIO


def _agreeing(regions: Floats, sequences: Floats, shape: Floats, number: int) -> float:
    """Share of the regions (1 x bins x regions x 2) that follow the sequence by themselves."""
    chances = [
        fit(regions[:, :, one], sequences, shape).chance(number) for one in range(regions.shape[2])
    ]
    return sum(chance <= _REGION_CHANCE for chance in chances) / len(chances)
