"""Whether the colour of a face followed a screen: arithmetic on means, nothing else.

Knows the regression of skin chroma on a sequence of screen colours, and how likely an answer as
good is by chance: the share of all sequences that might have been asked which it fits as well.
That false-accept probability needs no training data.  It refuses to know pictures and faces
(`detection.skin`), what follows from it (`detection.light_verdict`), and who asked.

Light from a screen changes the log of a colour channel by its share of all the light that falls on
a place, whatever the place's own colour.  A camera's white balance and a tint laid over the whole
picture change face and background alike, so what the face shares with it is subtracted first.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detection.challenge import CHROMA, LightPlan, family
from detection.light_fit import RATE_HZ, STEP_S, Fit, fit, pooled, shape_of, shared

Floats = NDArray[np.float64]

_LAG_STEP_S = 0.05
# Screen, exposure, encoder and jitter buffer, beside the measured round trip.
_OWN_DELAY_S = 0.45
# Fewer of the bins with a picture in them than this say nothing.
_LEAST_COVERED = 0.5
_NO_RATIO = -99.0
_LEAST_ERROR = 1e-6
_REGION_CHANCE = 0.1


@dataclass(frozen=True, slots=True)
class Seen:
    """Mean linear light (red, green, blue) of each picture; NaN where nothing was measured."""

    times_s: Floats
    """Since the page began, in the order of arrival."""
    regions: Floats
    """Pictures x regions of skin x 3."""
    background: Floats
    """Pictures x fields of what is behind x 3."""


@dataclass(frozen=True, slots=True)
class Part:
    """What the screen did to a part of the picture."""

    amplitude: float
    """Light of the screen as a share of the other light there."""
    amplitude_error: float
    """One standard error."""
    correlation: float
    """Of what changed quickly there with the sequence, -1 to 1."""
    chance: float
    """Share of the sequences that might have been asked which fit at least as well."""


@dataclass(frozen=True, slots=True)
class Response:
    """What the screen did, as far as it was watched."""

    answer: Part
    """The face without what it shares with the background."""
    face: Part
    background: Part
    regions: tuple[Part | None, ...]
    """Of the face, without what it shares with the background; None where one was hidden."""
    lag_s: float
    covered: float
    """Share of the time in which pictures came."""
    slots: int

    @property
    def background_ratio(self) -> float:
        """How much the background followed, for each of the face's; a screen's light falls off."""
        face = self.face.amplitude
        return self.background.amplitude / face if face > 0 else _NO_RATIO

    @property
    def background_error(self) -> float:
        """One standard error of the ratio."""
        face = self.face.amplitude
        return self.background.amplitude_error / face if face > 0 else -_NO_RATIO

    @property
    def agreeing(self) -> float:
        """Share of the regions that followed on their own."""
        seen = [one for one in self.regions if one is not None]
        return sum(one.chance <= _REGION_CHANCE for one in seen) / len(seen)


def respond(seen: Seen, plan: LightPlan, slots: int, round_trip_s: float) -> Response | None:
    """What the first `slots` slots did; None if there is not enough to go by."""
    lags_s = np.arange(_LAG_STEP_S, round_trip_s + _OWN_DELAY_S, _LAG_STEP_S)
    duration_s = slots * plan.slot_s
    covered = _covered(seen, duration_s)
    if covered < _LEAST_COVERED:
        return None
    regions = _heard(seen.times_s, seen.regions, lags_s, duration_s)
    fields = _heard(seen.times_s, seen.background, lags_s, duration_s)
    visible, quiet = _complete(regions), _complete(fields)
    if not visible.any() or not quiet.any():
        return None
    face, ground = pooled(regions[:, :, visible]), pooled(fields[:, :, quiet])
    common = shared(face, ground) * ground
    sequences = CHROMA[family(plan.seed)[:, :slots]]
    found = fit(face - common, sequences, shape_of(slots, plan.slot_s))
    lag = int(found.lags[plan.number])

    def part(series: Floats) -> Part:
        one = fit(series[lag : lag + 1], sequences, shape_of(slots, plan.slot_s))
        return _part(one, plan.number)

    return Response(
        answer=_part(found, plan.number),
        face=part(face),
        background=part(ground),
        regions=tuple(
            part(regions[:, :, one] - common) if seen_all else None
            for one, seen_all in enumerate(visible)
        ),
        lag_s=float(lags_s[lag]),
        covered=covered,
        slots=slots,
    )


def together(first: Response, second: Response) -> Response:
    """Two answers as one, to sequences of which neither was known before it was shown."""
    pairs = zip(first.regions, second.regions, strict=True)
    slots = first.slots + second.slots
    return Response(
        answer=_both(first.answer, second.answer),
        face=_both(first.face, second.face),
        background=_both(first.background, second.background),
        regions=tuple(_both(one, two) if one and two else one or two for one, two in pairs),
        lag_s=second.lag_s,
        covered=(first.covered * first.slots + second.covered * second.slots) / slots,
        slots=slots,
    )


def _both(first: Part, second: Part) -> Part:
    """The product of two chances is as small as p by a chance of p (1 - log p) (Fisher).

    That holds for whoever lets the second answer depend on the first sequence as well: whatever
    was answered before, the second chance is as seldom small as it says.
    """
    product = first.chance * second.chance
    errors = np.array([first.amplitude_error, second.amplitude_error])
    weights = np.maximum(errors, _LEAST_ERROR) ** -2.0
    share = weights / weights.sum()
    return Part(
        amplitude=float(share @ (first.amplitude, second.amplitude)),
        amplitude_error=float(weights.sum() ** -0.5),
        correlation=float(share @ (first.correlation, second.correlation)),
        chance=product * (1 - math.log(product)),
    )


def _part(found: Fit, number: int) -> Part:
    return Part(
        amplitude=float(found.slopes[number]),
        amplitude_error=found.error(number),
        correlation=float(found.correlations[number]),
        chance=found.chance(number),
    )


def _covered(seen: Seen, duration_s: float) -> float:
    """Share of the bins with a face in them."""
    there = np.isfinite(seen.regions).any(axis=(1, 2))
    there &= (seen.times_s >= 0) & (seen.times_s < duration_s)
    bins = np.unique((seen.times_s[there] * RATE_HZ).astype(int))
    return len(bins) / round(duration_s * RATE_HZ)


def _heard(times_s: Floats, light: Floats, lags_s: Floats, duration_s: float) -> Floats:
    """Log chroma of each place as it came that much later: lags x bins x places x 2."""
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
            heard[..., column] = np.interp(at_s, times_s[good], values[good])
    return heard.reshape(*at_s.shape, *chroma.shape[1:])


def _complete(heard: Floats) -> NDArray[np.bool_]:
    """The places that were seen all the time."""
    return np.asarray(np.isfinite(heard).all(axis=(0, 1, 3)))
