"""Films of real people, lit again as if a screen stood before them, and as attackers would fake it.

Light: what a clip shows is albedo times the light of its room.  A screen adds to the room's light
a share of it that is largest where the face looks at the screen, smaller on the body, smallest
behind.  Then comes a camera: white balance and exposure that pull back, noise, eight bits; then
VP8 at the bitrate of a call.  Nothing here knows how the answer is judged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from detection.faces import FaceFinder
from detection.media import Picture

Floats = NDArray[np.float32]
Light = NDArray[np.float64]
Pixels = NDArray[np.uint8]

# Clips are cut to the person, as a camera before a screen would: so many faces wide, to this size.
FACES_WIDE = 4.0
LONGEST_SIDE = 320
MOST_FRAMES = 150
_DISPLAY = 2.2
_GRAIN_SIDE = 512
_GAMMA = ((np.arange(256) / 255) ** _DISPLAY).astype(np.float32)
_STEPS = 4095
_SHOWN = (255 * (np.arange(_STEPS + 1) / _STEPS) ** (1 / _DISPLAY)).astype(np.float32)
# Light is worked out for each fourth pixel.
_COARSE = 4


@dataclass(frozen=True, slots=True)
class Clip:
    """A film, small enough to keep, and the face's box (left, top, width, height) in each frame."""

    name: str
    frames: list[Pixels]
    boxes: list[tuple[float, float, float, float]]
    frames_per_s: float

    def at(self, time_s: float) -> int:
        """The frame at a time; the film is played to and fro."""
        count = len(self.frames)
        there_and_back = max(1, 2 * (count - 1))
        number = int(time_s * self.frames_per_s) % there_and_back
        return min(number, there_and_back - number)


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


def room(random: np.random.Generator, screen_share: float) -> Room:
    """A room, a camera and a line by chance."""
    warm = random.uniform(-0.25, 0.35)
    return Room(
        screen_share=screen_share,
        background_share=float(random.uniform(0.02, 0.35)),
        ambient=np.array([1 + 0.5 * warm, 1.0, 1 - warm]),
        balance_s=float(random.uniform(0.8, 4.0)),
        balance_strength=float(random.uniform(0.2, 1.0)),
        noise=float(random.uniform(1.0, 3.5)),
        bitrate_bps=int(random.choice([200_000, 400_000, 700_000, 1_000_000])),
        delay_s=float(random.uniform(0.06, 0.30)),
        tint_delay_s=float(random.uniform(0.1, 0.4)),
        frames_per_s=float(random.choice([10.0, 12.0])),
    )


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
            return np.full(3, 0.2)
        return np.asarray(self.colours[min(len(self.colours) - 1, int(now_s / self.slot_s))])


# Kinds of film on which no light of the screen falls.
PAINTED = ("unlit", "global overlay", "smart tint")


def film(
    clip: Clip, kind: str, screen: Screen, where: Room, random: np.random.Generator
) -> Iterator[tuple[float, Pixels]]:
    """Times of arrival since the page began, and pictures before they are encoded."""
    camera = Camera(where, random)
    slow = np.ones(3)
    for number in range(int((screen.duration_s + 0.8) * where.frames_per_s)):
        now_s = number / where.frames_per_s
        frame = clip.at(now_s)
        clear = _GAMMA[clip.frames[frame]]
        box = clip.boxes[frame]
        late = screen.at(now_s - where.tint_delay_s)
        lit = 1 + where.screen_share * screen.at(now_s) / where.ambient
        slow += 1 / (5.0 * where.frames_per_s) * (lit - slow)
        light = clear
        if kind == "global tint":
            light = clear * (1 + where.screen_share * late).astype(np.float32)
        elif kind not in PAINTED:
            face = {"swap": slow, "swap on a lit face": lit}.get(kind)
            light = clear * _scene(box, clear.shape, where, lit, face)
        picture = _after(kind, camera.take(light), box, where, late)
        yield now_s + where.delay_s + float(random.uniform(0, 0.02)), picture


def _after(
    kind: str, picture: Pixels, box: tuple[float, float, float, float], where: Room, late: Light
) -> Pixels:
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
    box: tuple[float, float, float, float], shape: tuple[int, ...], half: tuple[float, float]
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
    box: tuple[float, float, float, float],
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
    is_body = _soft((0.8 - down) * 12) * _soft((np.abs(across) - 2.2) * 6)
    behind = where.background_share + (0.55 - where.background_share) * is_body
    share = _fine(np.asarray(behind + (head - behind) * is_head), shape)
    scene = 1 + share * (lit - 1).astype(np.float32)
    if face is None:
        return scene
    inner = _inside(box, shape)
    return scene * (1 - inner) + face.astype(np.float32) * inner


def _inside(box: tuple[float, float, float, float], shape: tuple[int, ...]) -> Floats:
    """One on the face, nothing off it, soft between."""
    across, down = _from_middle(box, shape, (0.52, 0.62))
    return _fine(_soft((across**2 + down**2 - 1) * 12), shape)


def through_vp8(
    pictures: Iterator[tuple[float, Pixels]], bitrate_bps: int, frames_per_s: float
) -> Iterator[tuple[float, Pixels]]:
    """The pictures after an encoder for calls and a decoder."""
    encoder = av.CodecContext.create("libvpx", "w")
    decoder = av.CodecContext.create("vp8", "r")
    encoder.pix_fmt, encoder.bit_rate = "yuv420p", bitrate_bps
    encoder.time_base = Fraction(1, round(frames_per_s))
    encoder.framerate = Fraction(round(frames_per_s))
    # libvpx's own threads wait for each other by spinning: 4 times the CPU for these sizes.
    encoder.thread_count = decoder.thread_count = 1
    rate = str(bitrate_bps)
    encoder.options = {"deadline": "realtime", "cpu-used": "14", "lag-in-frames": "0", "g": "300"}
    encoder.options |= {"minrate": rate, "maxrate": rate, "bufsize": rate}
    for number, (time_s, picture) in enumerate(pictures):
        if number == 0:
            encoder.width, encoder.height = picture.shape[1], picture.shape[0]
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame.pts = number
        for packet in encoder.encode(frame):
            for shown in decoder.decode(packet):
                yield time_s, shown.to_ndarray(format="rgb24")


def read(path: Path, finder: FaceFinder) -> Clip | None:
    """The first frames of a film, cut to the person; None if nobody is in it."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        rate = float(stream.average_rate or 25)
        # Ten or twelve a second are shown: every other one is enough.
        step = 2 if rate > 20 else 1
        kept = (frame for number, frame in enumerate(container.decode(stream)) if not number % step)
        cut = first = None
        frames: list[Pixels] = []
        boxes: list[tuple[float, float, float, float]] = []
        for frame in kept:
            if first is None:
                first = frame.to_ndarray(format="rgb24")
                faces = finder.find(Picture(0, 0, first))
                if not faces:
                    return None
                cut = _cut(faces[0], first.shape)
            assert cut is not None
            pixels = _fitted(frame.to_ndarray(format="rgb24")[cut])
            faces = finder.find(Picture(0, 0, pixels))
            if faces:
                box = (faces[0].left, faces[0].top, faces[0].width, faces[0].height)
            elif not boxes:
                return None
            frames.append(pixels)
            boxes.append(box)
            if len(frames) >= MOST_FRAMES:
                break
    return Clip(path.stem, frames, boxes, rate / step)


def _cut(face: object, shape: tuple[int, ...]) -> tuple[slice, slice]:
    left, top, width, height = (getattr(face, one) for one in ("left", "top", "width", "height"))
    half = FACES_WIDE / 2 * width
    middle_x, middle_y = left + width / 2, top + height / 2
    first_row, last_row = max(0, middle_y - 0.75 * half), min(shape[0], middle_y + 0.75 * half)
    first_column, last_column = max(0, middle_x - half), min(shape[1], middle_x + half)
    return slice(int(first_row), int(last_row)), slice(int(first_column), int(last_column))


def _fitted(pixels: Pixels) -> Pixels:
    """At most `LONGEST_SIDE` on the longer side; both sides even."""
    scale = min(1.0, LONGEST_SIDE / max(pixels.shape[:2]))
    height, width = (int(side * scale) // 2 * 2 for side in pixels.shape[:2])
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    small = frame.reformat(width=width, height=height, interpolation="AREA")
    return np.asarray(small.to_ndarray(format="rgb24"), dtype=np.uint8)
