"""Films of real people, lit again as if a screen stood before them, and as attackers would fake it.

Light: what a clip shows is albedo times the light of its room.  A screen adds to the room's light
a share of it that is largest where the face looks at the screen, smaller on the body, smallest
behind.  Then comes a camera: white balance and exposure that pull back, noise, eight bits.  Nothing
here knows how the answer is judged.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signaling.client.clips import Box, Clip, Pixels

Floats = NDArray[np.float32]
Light = NDArray[np.float64]

_DISPLAY = 2.2
_GRAIN_SIDE = 512
_GAMMA = ((np.arange(256) / 255) ** _DISPLAY).astype(np.float32)
_STEPS = 4095
_SHOWN = (255 * (np.arange(_STEPS + 1) / _STEPS) ** (1 / _DISPLAY)).astype(np.float32)
# Light is worked out for each fourth pixel.
_COARSE = 4
# A dull grey before and after the colours.
_RESTING: Light = np.full(3, 0.2)
# Kinds of film on which no light of the screen falls.
PAINTED = ("unlit", "global overlay", "smart tint")


@dataclass(frozen=True, slots=True)
class Room:
    """One call: how much the screen gives, what the camera does, and how the picture travels."""

    screen_share: float
    """Light of a white screen on the face as a share of the room's light there."""
    background_share: float
    """How much of that arrives behind, 0 to 1."""
    ambient: Light
    """Colour of the room's light, which the camera has balanced away."""
    balance_s: float
    balance_strength: float
    noise: float
    bitrate_bps: int
    delay_s: float
    tint_delay_s: float
    frames_per_s: float


# A quiet line and a good camera, before a screen that gives a tenth of the room's light.
OFFICE = Room(
    screen_share=0.10,
    background_share=0.1,
    ambient=np.array([1.1, 1.0, 0.8]),
    balance_s=2.0,
    balance_strength=0.5,
    noise=1.5,
    bitrate_bps=700_000,
    delay_s=0.1,
    tint_delay_s=0.0,
    frames_per_s=15.0,
)


@dataclass(frozen=True, slots=True)
class Screen:
    """What the page shows: linear light, slot by slot, and a dull grey before and after."""

    colours: Light
    slot_s: float

    @property
    def duration_s(self) -> float:
        return len(self.colours) * self.slot_s

    def at(self, now_s: float) -> Light:
        if not 0 <= now_s < self.duration_s:
            return _RESTING
        return np.asarray(self.colours[min(len(self.colours) - 1, int(now_s / self.slot_s))])


class Sitter:
    """One person before a camera: lit by a screen (`honest`), or faked in one of the other ways."""

    def __init__(self, clip: Clip, kind: str, where: Room, random: np.random.Generator) -> None:
        self._clip = clip
        self._kind = kind
        self._room = where
        self._camera = Camera(where, random)
        self._slow: Light = np.ones(3)

    def picture(self, now_s: float, screen: Screen) -> Pixels:
        """What the camera sees so long after the screen began."""
        where, frame = self._room, self._clip.at(now_s)
        clear, box = _GAMMA[self._clip.frames[frame]], self._clip.boxes[frame]
        late = screen.at(now_s - where.tint_delay_s)
        lit = 1 + where.screen_share * screen.at(now_s) / where.ambient
        self._slow += 1 / (5.0 * where.frames_per_s) * (lit - self._slow)
        light = clear
        if self._kind == "global tint":
            light = clear * (1 + where.screen_share * late).astype(np.float32)
        elif self._kind not in PAINTED:
            face = {"swap": self._slow, "swap on a lit face": lit}.get(self._kind)
            light = clear * _scene(box, clear.shape, where, lit, face)
        return _after(self._kind, self._camera.take(light), box, where, late)


class Camera:
    """White balance and exposure, each with its own inertia, and the noise of a sensor."""

    def __init__(self, where: Room, random: np.random.Generator) -> None:
        self._room = where
        self._random = random
        self._gain = np.ones(3)
        self._exposure = 1.0
        self._target: Light | None = None
        side = (_GRAIN_SIDE, _GRAIN_SIDE, 3)
        self._field = random.normal(0, where.noise, side).astype(np.float32)

    def take(self, light: Floats) -> Pixels:
        """One picture of eight bits."""
        step_s = 1 / self._room.frames_per_s
        mean = light[::8, ::8].reshape(-1, 3).clip(0, 1).mean(axis=0).astype(float) + 1e-6
        if self._target is None:
            self._target = mean
        wanted = (self._target / self._target[1]) / (mean / mean[1])
        pull = min(1.0, step_s / self._room.balance_s)
        self._gain += pull * (wanted**self._room.balance_strength - self._gain)
        bright = self._target[1] / mean[1]
        self._exposure += min(1.0, step_s / 0.5) * (bright - self._exposure)
        exposed = light * (self._gain * self._exposure * _STEPS).astype(np.float32)
        shown = _SHOWN[exposed.clip(0, _STEPS).astype(np.uint16)] + self._grain(light.shape)
        return np.asarray(shown.clip(0, 255), dtype=np.uint8)

    def _grain(self, shape: tuple[int, ...]) -> Floats:
        """A new piece of one large field for each picture."""
        top = int(self._random.integers(0, _GRAIN_SIDE - shape[0]))
        left = int(self._random.integers(0, _GRAIN_SIDE - shape[1]))
        return self._field[top : top + shape[0], left : left + shape[1]]


def _after(kind: str, picture: Pixels, box: Box, where: Room, late: Light) -> Pixels:
    """A finished picture with a colour laid over all of it, or a tint on the face alone."""
    if kind == "global overlay":
        alpha = 0.5 * where.screen_share
        return np.asarray(picture * (1 - alpha) + alpha * 255 * late, dtype=np.uint8)
    if kind == "smart tint":
        tint = (1 + where.screen_share * late) ** (1 / _DISPLAY) - 1
        painted = picture * (1 + _inside(box, picture.shape) * tint.astype(np.float32))
        return np.asarray(painted.clip(0, 255), dtype=np.uint8)
    return picture


def _from_middle(
    box: Box, shape: tuple[int, ...], half: tuple[float, float]
) -> tuple[Floats, Floats]:
    """How far right and down of the face's middle each fourth pixel is, in half faces."""
    rows, columns = np.mgrid[0 : shape[0] : _COARSE, 0 : shape[1] : _COARSE].astype(np.float32)
    across = (columns - (box[0] + box[2] / 2)) / (half[0] * box[2])
    down = (rows - (box[1] + box[3] / 2)) / (half[1] * box[3])
    return across, down


def _fine(coarse: Floats, shape: tuple[int, ...]) -> Floats:
    fine = coarse.repeat(_COARSE, axis=0).repeat(_COARSE, axis=1)
    return np.asarray(fine[: shape[0], : shape[1], None], dtype=np.float32)


def _soft(edge: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(edge.clip(-30, 30))), dtype=np.float32)


def _scene(
    box: Box,
    shape: tuple[int, ...],
    where: Room,
    lit: Light,
    face: Light | None,
) -> Floats:
    """All light as a multiple of the room's: the screen on head, body and what is behind.

    A head is round, so light falls off on it.  A swapped face (`face`) comes from other light; its
    colour is drawn to the scene's: slowly, as means over seconds, or at once from the face beneath.
    """
    across, down = _from_middle(box, shape, (0.65, 0.75))
    squared = across**2 + down**2
    head = np.sqrt((1 - 0.75 * squared).clip(0.05, 1))
    is_head = _soft((squared - 1) * 12)
    beside = np.asarray((np.abs(across) - 2.2) * 6, dtype=np.float32)
    is_body: Floats = _soft((0.8 - down) * 12) * _soft(beside)
    behind = where.background_share + (0.55 - where.background_share) * is_body
    share = _fine(np.asarray(behind + (head - behind) * is_head), shape)
    scene = 1 + share * (lit - 1).astype(np.float32)
    if face is None:
        return scene
    inner = _inside(box, shape)
    return scene * (1 - inner) + face.astype(np.float32) * inner


def _inside(box: Box, shape: tuple[int, ...]) -> Floats:
    """One on the face, nothing off it, soft between."""
    across, down = _from_middle(box, shape, (0.52, 0.62))
    return _fine(_soft((across**2 + down**2 - 1) * 12), shape)
