"""Whether the colour of skin goes with a heartbeat.

By the plane orthogonal to skin (POS; Wang and others, 2017), on the light of the regions that the
light challenge takes.  It needs eight seconds without a gap, so it looks only at somebody who is
looked at without a pause.  It is measured and weighs nothing: encoders take most of a pulse away,
and what swaps a face leaves the light of the one beneath it (docs/DETECTION.md).
"""

import math
from collections import deque
from collections.abc import Sequence

import numpy as np

from detection import skin
from detection.evidence import Evidence, evidence
from detection.media import Sight
from detection.signals import Signal
from detection.skin import Floats

# A look of everybody's is over by then.
_BEGINS_S = 2.0
_LEAST_S = 8.0
_REMEMBERED_S = 20.0
_MOST_APART_S = 0.3
_SAID_EVERY_S = 10.0
_STEPS_PER_S = 15.0
_WINDOW = round(1.6 * _STEPS_PER_S)
# Heartbeats a second, and how far a beat and twice a beat reach.
_SLOWEST, _FASTEST, _NEAR = 0.7, 3.0, 0.15


class Pulse(Signal):
    """One participant's skin."""

    name = "pulse"
    version = "1"

    def __init__(self) -> None:
        self._light: deque[tuple[float, Floats]] = deque()
        self._burst, self._began_s, self._last_s = -1, 0.0, -math.inf
        self._said_s = -math.inf

    def look(self, sight: Sight) -> None:
        picture, face = sight.picture, sight.face
        if picture.burst != self._burst or picture.at_s - self._last_s > _MOST_APART_S:
            self._burst, self._began_s = picture.burst, picture.at_s
            self._light.clear()
        self._last_s = picture.at_s
        if face is None or face.mesh is None or picture.at_s - self._began_s < _BEGINS_S:
            return
        light = skin.regions(picture, face)
        seen = light[np.isfinite(light).all(axis=1)]
        if len(seen):
            self._light.append((picture.at_s, seen.mean(axis=0)))
        while self._light and picture.at_s - self._light[0][0] > _REMEMBERED_S:
            self._light.popleft()

    def cut(self) -> None:
        self._light.clear()

    def conclude(self, now_s: float) -> Sequence[Evidence]:
        if now_s - self._said_s < _SAID_EVERY_S or len(self._light) < 2:  # noqa: PLR2004
            return ()
        times, light = (np.array(one) for one in zip(*self._light, strict=True))
        if times[-1] - times[0] < _LEAST_S:
            return ()
        self._said_s = now_s
        beats_per_s, clearness_db = beat(times, light)
        return (
            evidence(
                self.name,
                self.version,
                now_s,
                reason="pulse_measured",
                words="A pulse was looked for; that weighs nothing.",
                quality=1.0,
                measured={"a_minute": 60 * beats_per_s, "clearness_db": clearness_db},
            ),
        )


def beat(times: Floats, light: Floats) -> tuple[float, float]:
    """The likeliest heartbeat (1/s), and how far it and twice it stand out of all others (dB)."""
    even = np.arange(times[0], times[-1], 1 / _STEPS_PER_S)
    wave = _wave(np.stack([np.interp(even, times, colour) for colour in light.T], axis=1))
    padded = 4 * len(wave)
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), padded)) ** 2
    rates = np.fft.rfftfreq(padded, 1 / _STEPS_PER_S)
    possible = (rates >= _SLOWEST) & (rates <= _FASTEST)
    best = float(rates[possible][np.argmax(power[possible])])
    near = (np.abs(rates - best) <= _NEAR) | (np.abs(rates - 2 * best) <= _NEAR)
    within, beside = power[possible & near].sum(), power[possible & ~near].sum()
    return best, 10 * math.log10(max(1e-9, float(within)) / max(1e-9, float(beside)))


def _wave(light: Floats) -> Floats:
    """What is left of the light when its brightness and the skin's own colour are taken out."""
    wave = np.zeros(len(light))
    for begin in range(len(light) - _WINDOW + 1):
        part = light[begin : begin + _WINDOW]
        red, green, blue = (part / part.mean(axis=0)).T
        first, second = green - blue, green + blue - 2 * red
        mixed = first + first.std() / max(1e-9, float(second.std())) * second
        wave[begin : begin + _WINDOW] += mixed - mixed.mean()
    return wave
