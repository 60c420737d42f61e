"""The light challenge: did this face take on the colours that the screen was asked to show?

Collects light on skin and behind while the screen changes, and judges after 5.6, 9.6 and 13.6 s,
until the answer is clear.  One that more light might make clear is kept for a second sequence.  The
arithmetic and what it promises are in `detection.light_response`.

Passing says that something in front of the camera was lit by the sequence.  It does not say who it
was, and a program that tints a face alone, at once and by the right amount, passes too.
"""

from collections.abc import Sequence

import numpy as np

from detection import skin
from detection.challenge import LightPlan
from detection.evidence import Evidence, Outcome, evidence
from detection.light_response import Response, Seen, respond, together
from detection.light_verdict import CHANCES, CHANCES_AGAIN, WORTH_ANOTHER, Verdict, judge
from detection.media import Sight
from detection.signals import Asked
from detection.signals.answers import Answers

# A light response is taken as proven for so long: rooms and cameras change.
_PROVEN_S = 300.0
# Answers to the last slot arrive until then, beside the measured round trip.
_TRAILING_S = 0.6
_MOST_SIGHTS = 1200
# Under the first width in pixels a face says nothing; from the second on it says all it can.
_FACE_WIDTHS = (64.0, 160.0)

WORDS = {
    "light_followed": "The face took on the colours of the screen.",
    "whole_picture_follows": "The whole picture changed colour alike, as no room does.",
    "light_no_longer_followed": "The face no longer takes on the light that it took on before.",
    "light_too_weak": "The screen's light could not be told from chance on this face.",
    "background_unclear": "It is unclear whether the background changed as much as the face.",
    "background_follows": "The background changed nearly as much as the face.",
    "regions_disagree": "Parts of the face did not follow the light that others followed.",
    "light_too_strong": "The colours were stronger than a screen can make them.",
    "too_little_seen": "The face or what is behind it was seen too seldom.",
    "cut_short": "The picture was cut while the screen changed.",
}
# Log-likelihood ratios: the bar is to believe 95 % of honest callers and 1 % of attackers.
_PASSED = -4.5
_FAILED = {"light_no_longer_followed": 2.5}


class Light(Answers[LightPlan]):
    """One participant's answers to light challenges."""

    name = "light"
    version = "1"

    def __init__(self) -> None:
        super().__init__(LightPlan)
        self._look = 0
        self._times: list[float] = []
        self._regions: list[skin.Floats] = []
        self._background: list[skin.Floats] = []
        self._widths: list[float] = []
        self._proven = (0.0, -_PROVEN_S)
        self._unclear: tuple[str, Response] | None = None

    def look(self, sight: Sight) -> None:
        if self._asked is None or len(self._times) >= _MOST_SIGHTS:
            return
        since_s = sight.picture.at_s - self._asked.begins_s
        face = sight.face
        if since_s < 0 or face is None or face.mesh is None:
            return
        self._times.append(since_s)
        self._regions.append(skin.regions(sight.picture, face))
        self._background.append(skin.background(sight.picture, face))
        self._widths.append(face.width)

    def cut(self) -> None:
        super().cut()
        self._proven = (0.0, -_PROVEN_S)
        self._unclear = None

    def conclude(self, now_s: float) -> Sequence[Evidence]:
        asked, plan = self._asked, self._plan
        if asked is None or plan is None:
            return ()
        if self._cut:
            return self._end(asked, now_s, None, Verdict.INCONCLUSIVE, "cut_short")
        slots = plan.looks[self._look]
        if now_s < asked.begins_s + slots * plan.slot_s + _TRAILING_S + asked.round_trip_s:
            return ()
        response = self._with_unclear(plan, self._respond(plan, slots, asked.round_trip_s))
        proven = self._proven[0] if now_s - self._proven[1] < _PROVEN_S else 0.0
        verdict, reason = judge(response, _allowed(plan)[self._look], proven)
        self._look += 1
        if verdict is Verdict.INCONCLUSIVE and self._look < len(plan.looks):
            return ()
        return self._end(asked, now_s, response, verdict, reason)

    def _respond(self, plan: LightPlan, slots: int, round_trip_s: float) -> Response | None:
        if not self._times:
            return None
        seen = Seen(np.array(self._times), np.stack(self._regions), np.stack(self._background))
        return respond(seen, plan, slots, round_trip_s)

    def _with_unclear(self, plan: LightPlan, response: Response | None) -> Response | None:
        """With the answer that this one continues, if nothing came between."""
        if response is None or self._unclear is None or self._unclear[0] != plan.continues:
            return response
        return together(self._unclear[1], response)

    def _end(
        self, asked: Asked, now_s: float, response: Response | None, verdict: Verdict, reason: str
    ) -> tuple[Evidence]:
        if verdict is Verdict.PASSED and response is not None:
            self._proven = (response.answer.amplitude, now_s)
        self._unclear = None
        if response is not None and reason in WORTH_ANOTHER:
            self._unclear = (asked.challenge, response)
        ratio = _PASSED if verdict is Verdict.PASSED else _FAILED.get(reason, 0.0)
        found = evidence(
            self.name,
            self.version,
            now_s,
            outcome=Outcome(verdict.value),
            reason=reason,
            words=WORDS[reason],
            log_likelihood_ratio=ratio,
            quality=_quality(self._widths),
            measured=measured(response),
            challenge=asked.challenge,
        )
        self._forget()
        return (found,)

    def _forget(self) -> None:
        super()._forget()
        self._look = 0
        for kept in (self._times, self._regions, self._background, self._widths):
            kept.clear()


def _allowed(plan: LightPlan) -> tuple[float, ...]:
    return CHANCES_AGAIN if plan.continues else CHANCES


def measured(response: Response | None) -> dict[str, float]:
    """The figures that a verdict follows from, to be kept with it."""
    if response is None:
        return {}
    parts = dict(zip(skin.REGIONS, response.regions, strict=True))
    parts["background"] = response.background
    return {
        "chance": response.answer.chance,
        "amplitude": response.answer.amplitude,
        "amplitude_error": response.answer.amplitude_error,
        "lag_s": response.lag_s,
        "background_ratio": response.background_ratio,
        "background_error": response.background_error,
        "agreeing": response.agreeing,
        "covered": response.covered,
        "slots": float(response.slots),
        **{
            f"{name} {what}": value
            for name, part in parts.items()
            if part is not None
            for what, value in (("amplitude", part.amplitude), ("correlation", part.correlation))
        },
    }


def _quality(widths: Sequence[float]) -> float:
    low, high = _FACE_WIDTHS
    return min(1.0, max(0.0, (float(np.median(widths)) - low) / (high - low))) if widths else 0.0
