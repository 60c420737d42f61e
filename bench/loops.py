"""How many films that are played in a loop are found within two rounds, and how many that are not.

    python -m bench.loops DIR

Each film of DIR (`DIR/**/*.mp4`) is cut to so many seconds and played again and again through a
camera's noise and VP8 at 200 kb/s; and played once for as long as it is.  Looked at without a pause
(a challenge, a suspicion) over two rounds, and for 1.5 s of every ten, as the policy looks at
everybody, over two minutes.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.light_challenge import interval
from bench.relight import through_vp8
from detection.media import Pixels
from detection.repetition import STEP_S, Floats, fingerprint, repetition
from detection.sending import Sending, shown

LENGTHS_S = (5, 8, 12, 20, 30, 45, 60)
SMALL = Sending(longest_side=320)
BITRATE_BPS = 200_000
NOISE = 2.0
# Two rounds, and a little.
ROUNDS = 2.1
SELDOM_S = 120.0


def played(
    pictures: Sequence[Pixels], rounds: float, random: np.random.Generator
) -> tuple[bool, bool]:
    """Whether a film repeats: looked at without a pause, and now and then for longer."""
    always = round(rounds * len(pictures))
    count = max(always, round(SELDOM_S / STEP_S)) if rounds > 1 else always
    noisy = (
        (number * STEP_S, _noisy(pictures[number % len(pictures)], random))
        for number in range(count)
    )
    prints = np.stack([fingerprint(one) for _, one in through_vp8(noisy, BITRATE_BPS, 1 / STEP_S)])
    times_s = np.arange(len(prints)) * STEP_S
    seldom = times_s % 10 < 1.5
    return (
        _repeats(times_s[:always], prints[:always]),
        _repeats(times_s[seldom], prints[seldom]),
    )


def _repeats(times_s: NDArray[np.float64], prints: Floats) -> bool:
    found = repetition(times_s, prints)
    return found is not None and found.repeats


def _noisy(picture: Pixels, random: np.random.Generator) -> Pixels:
    return np.asarray((picture + random.normal(0, NOISE, picture.shape)).clip(0, 255), np.uint8)


def row(title: str, found: list[tuple[bool, bool]]) -> str:
    always, seldom = (sum(one[kind] for one in found) for kind in (0, 1))
    count = len(found)
    return (
        f"| {title} | {count} | {always} ({interval(always, count)} %) "
        f"| {seldom} ({interval(seldom, count)} %) |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    arguments = parser.parse_args()
    random = np.random.default_rng(1)
    films = [list(shown(path, STEP_S, SMALL)) for path in arguments.directory.rglob("*.mp4")]
    print(
        "| | films | without a pause, two rounds | 1.5 s of ten, two minutes |\n|---|---|---|---|"
    )
    for length_s in LENGTHS_S:
        size = round(length_s / STEP_S)
        cut = [film[:size] for film in films if len(film) >= size]
        if cut:
            found = [played(one, ROUNDS, random) for one in cut]
            print(row(f"loop of {length_s} s", found), flush=True)
    print(row("played once, whole", [played(film, 1.0, random) for film in films]))


if __name__ == "__main__":
    main()
