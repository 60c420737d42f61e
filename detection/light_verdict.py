"""What follows from what a screen did to a face: passed, failed, or nothing.

Knows how often chance may be believed, and what no screen before a face does to a picture.  It
refuses to know how a response was measured (`detection.light_response`) and what a verdict weighs.
"""

from enum import StrEnum

from detection.light_response import Response

# The false-accept probability allowed to each look, and to each of a second sequence; together
# under 1 %, for nobody is asked a third time.
CHANCES = (0.001, 0.001, 0.002)
CHANCES_AGAIN = (0.001, 0.001, 0.003)
# More of the same helps where the answer was unclear for one of these.
WORTH_ANOTHER = frozenset({"light_too_weak", "background_unclear"})
# A background that changes this much as the face does was not lit by a screen before the face:
# light falls with the square, and a wall 0.3 m behind a face half a metre away gets 0.39.  A pass
# is sure of that by one standard error: of a colour laid over everything 0.39 +- 0.06 was seen.
_MOST_BACKGROUND = 0.40
# One that goes the other way by more than the face does is a camera's balance, and no light on the
# face: 95 honest answers had -0.37 and more, two that a camera alone gave had -13 and none.
_LEAST_BACKGROUND = -1.0
# Background and face changing alike within these is no room.
_ALIKE = (0.85, 1.2)
_LEAST_AGREEING = 0.5
# More is no screen at arm's length: the picture is painted.
_MOST_AMPLITUDE = 1.5


class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


def judge(
    response: Response | None, allowed: float, proven_amplitude: float = 0.0
) -> tuple[Verdict, str]:
    """Verdict and reason of one look that chance may fool with the `allowed` probability.

    `proven_amplitude` is what the same person's face did before under the same light, or nothing.
    Without it an unlit face is a bright room or a poor camera, which count against nobody.
    """
    if response is None:
        return Verdict.INCONCLUSIVE, "too_little_seen"
    answer = response.answer
    if answer.chance <= allowed and answer.amplitude > 0:
        return _followed(response)
    if _whole_picture_follows(response, allowed):
        # A camera's balance did that to one honest answer in 128: it is held against nobody.
        return Verdict.INCONCLUSIVE, "whole_picture_follows"
    most = answer.amplitude + 3 * answer.amplitude_error
    if proven_amplitude > 0 and most < 0.4 * proven_amplitude:
        return Verdict.FAILED, "light_no_longer_followed"
    return Verdict.INCONCLUSIVE, "light_too_weak"


def _followed(response: Response) -> tuple[Verdict, str]:
    ratio, error = response.background_ratio, response.background_error
    if ratio < _LEAST_BACKGROUND or ratio - error > _MOST_BACKGROUND:
        return Verdict.INCONCLUSIVE, "background_follows"
    if ratio + error > _MOST_BACKGROUND:
        return Verdict.INCONCLUSIVE, "background_unclear"
    if response.agreeing < _LEAST_AGREEING:
        return Verdict.INCONCLUSIVE, "regions_disagree"
    if response.answer.amplitude > _MOST_AMPLITUDE:
        return Verdict.INCONCLUSIVE, "light_too_strong"
    return Verdict.PASSED, "light_followed"


def _whole_picture_follows(response: Response, allowed: float) -> bool:
    low, high = _ALIKE
    return response.face.chance <= allowed and low < response.background_ratio < high
