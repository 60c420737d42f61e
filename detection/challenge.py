"""What a person is asked to do to show that a camera sees a face: unpredictable, safe, used once.

Knows how the light challenge's colours are chosen and which other sequences might have been chosen
in their place, the order and timing of movements, and digits to be said.  It refuses to know
whether an answer was right (`detection.signals`), who may ask and when.  Randomness is handed in.

The screen's colours obey WCAG 2.3.1: never over three changes a second, no saturated red.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import shake_256
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]
# `secrets.token_bytes`, or a test's own.
Randomness = Callable[[int], bytes]

MOST_CHANGES_PER_S = 3.0
SATURATED_RED = 0.8
# The slots after which the answer is looked at: 5.6, 9.6 and 13.6 s.
LOOKS = (14, 24, 34)
SLOT_S = 0.4
# The colour before and after, so that the first slot is a change as well.
NEUTRAL = (128, 128, 128)

# Eight colours of the screen, as sRGB, spread over what a screen can do to the colour of skin.
PALETTE: tuple[tuple[int, int, int], ...] = (
    (255, 255, 255),
    (0, 64, 255),
    (0, 255, 64),
    (0, 255, 255),
    (255, 64, 255),
    (255, 255, 0),
    (255, 128, 96),
    (96, 128, 255),
)
# Neighbours in a sequence differ by at least so much (in linear red - green, blue - green).
LEAST_STEP = 0.7
# Sequences of one family agree in at most half of their first look's slots.
_MOST_AGREEING = LOOKS[0] // 2
_FAMILY_SIZE = 2048

_NEARLY_BLACK = 0.04045


def linear(srgb: Floats) -> Floats:
    """Light of the screen, 0 to 1, for values of 0 to 255 (IEC 61966-2-1)."""
    share = srgb / 255.0
    return np.where(share <= _NEARLY_BLACK, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


LIGHT: Floats = linear(np.array(PALETTE, dtype=float))
# What each colour does to the two chromas that are measured.
CHROMA: Floats = np.stack([LIGHT[:, 0] - LIGHT[:, 1], LIGHT[:, 2] - LIGHT[:, 1]], axis=1)


class LightPlan(msgspec.Struct, frozen=True, tag="light"):
    """One light challenge as the server keeps it.  The page is told `colours` and nothing else."""

    seed: str
    """Hexadecimal: what the family of sequences grows from; secret until the end."""
    number: int
    """Which of the family is asked."""
    slot_s: float = SLOT_S
    looks: tuple[int, ...] = LOOKS
    continues: str = ""
    """The challenge that was unclear and is judged together with this one; empty if none was."""

    @property
    def slots(self) -> int:
        return self.looks[-1]

    @property
    def duration_s(self) -> float:
        return self.slots * self.slot_s

    @property
    def colours(self) -> tuple[tuple[int, int, int], ...]:
        """What the screen shows, slot by slot."""
        return tuple(PALETTE[index] for index in family(self.seed)[self.number])


def ask_light(random: Randomness) -> LightPlan:
    """A sequence that nobody could have known, of a family that nobody could have known."""
    seed = random(16).hex()
    return LightPlan(seed, int.from_bytes(random(8), "big") % len(family(seed)))


@lru_cache(maxsize=16)
def family(seed: str) -> Numbers:
    """All sequences that might have been asked, as rows of indexes into `PALETTE`.

    The stream is SHAKE-256 of the seed, so a stored answer can be judged again anywhere.
    """
    slots = LOOKS[-1]
    stream = shake_256(bytes.fromhex(seed)).digest(_FAMILY_SIZE * slots)
    draws = np.frombuffer(stream, dtype=np.uint8).reshape(_FAMILY_SIZE, slots)
    rows = np.empty((_FAMILY_SIZE, slots), dtype=np.intp)
    rows[:, 0] = draws[:, 0] % len(PALETTE)
    for slot in range(1, slots):
        before = rows[:, slot - 1]
        rows[:, slot] = _NEXT[before, draws[:, slot] % _CHOICES[before]]
    chosen = _apart(rows)
    chosen.setflags(write=False)
    return chosen


def _successors() -> tuple[Numbers, Numbers]:
    """For each colour those that may follow it, and how many they are."""
    steps = np.linalg.norm(CHROMA[:, None] - CHROMA[None], axis=2)
    table = np.zeros((len(PALETTE), len(PALETTE)), dtype=np.intp)
    counts = np.zeros(len(PALETTE), dtype=np.intp)
    for colour, row in enumerate(steps):
        after = np.flatnonzero(row >= LEAST_STEP)
        table[colour, : len(after)] = after
        counts[colour] = len(after)
    return table, counts


_NEXT, _CHOICES = _successors()


def _apart(rows: Numbers) -> Numbers:
    """The rows without those that are too like an earlier one."""
    first = np.eye(len(PALETTE), dtype=np.float32)[rows[:, : LOOKS[0]]].reshape(len(rows), -1)
    alike = np.tril(first @ first.T, k=-1) > _MOST_AGREEING
    return rows[~alike.any(axis=1)]


class Movement(msgspec.Struct, frozen=True):
    """One thing to do with head or hand, in a window of time after the beginning."""

    act: Literal["left", "right", "up", "hand", "lean"]
    begins_s: float
    ends_s: float


ACTS: tuple[Literal["left", "right", "up", "hand", "lean"], ...] = (
    "left",
    "right",
    "up",
    "hand",
    "lean",
)
# Time for reading the word, moving, and coming back.
_MOVEMENT_S = 2.2
_LONGEST_REST_S = 1.0


class MotionPlan(msgspec.Struct, frozen=True, tag="motion"):
    """Movements in an order and at times that nobody could have known."""

    movements: tuple[Movement, ...]

    @property
    def duration_s(self) -> float:
        return self.movements[-1].ends_s


def ask_motion(random: Randomness, count: int = 4) -> MotionPlan:
    """`count` movements, no two alike in succession, with rests of unforeseeable length."""
    movements: list[Movement] = []
    now_s = 0.0
    for _ in range(count):
        before = movements[-1].act if movements else None
        acts = [act for act in ACTS if act != before]
        draw = random(2)
        now_s += _LONGEST_REST_S * draw[1] / 255
        act = acts[draw[0] % len(acts)]
        movements.append(Movement(act, round(now_s, 3), round(now_s + _MOVEMENT_S, 3)))
        now_s += _MOVEMENT_S
    return MotionPlan(tuple(movements))


# Nobody needs longer to read so many digits aloud; a loop of all of them would be a million films.
CODE_DIGITS = 6
CODE_S = 9.0


class CodePlan(msgspec.Struct, frozen=True, tag="code"):
    """Digits to be said aloud, shown all at once; none follows itself, so that each is heard."""

    digits: str
    duration_s: float = CODE_S


def ask_code(random: Randomness) -> CodePlan:
    """Digits that nobody could have known."""
    digits = ""
    for draw in random(CODE_DIGITS):
        others = [digit for digit in "0123456789" if not digits.endswith(digit)]
        digits += others[draw % len(others)]
    return CodePlan(digits)


Plan = LightPlan | MotionPlan | CodePlan

# What may be asked: each kind's way to make a plan.
ASK: Mapping[str, Callable[[Randomness], Plan]] = {
    "light": ask_light,
    "motion": ask_motion,
    "code": ask_code,
}
