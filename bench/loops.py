"""How many films that are played in a loop are found within two rounds, and how many that are not.

    python -m bench.loops DIR

Each film of DIR (`DIR/**/*.mp4`) is cut to so many seconds, played twice and a little, through a
camera's noise and VP8 at 200 kb/s; and played once for as long as it is.  Looked at without a
pause (a challenge, a suspicion), and for 1.5 s of every ten as the policy looks at everybody.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.light_challenge import interval
from bench.relight import through_vp8
from detection.media import Pixels
from detection.repetition import STEP_S, fingerprint, repetition
from detection.sending import Sending, shown

LENGTHS_S = (5, 8, 12, 20, 30, 45, 60)
SMALL = Sending(longest_side=320)
BITRATE_BPS = 200_000
NOISE = 2.0
# Two rounds, and the burst in which the second ends.
ROUNDS = 2.1


def played(pictures: Sequence[Pixels], count: int, random: np.random.Generator) -> list[bool]:
    """How alike a film of so many pictures is to itself: without a pause, and now and then."""
    noisy = (
        (number * STEP_S, _noisy(pictures[number % len(pictures)], random))
        for number in range(count)
    )
    prints = [fingerprint(one) for _, one in through_vp8(noisy, BITRATE_BPS, 1 / STEP_S)]
    times_s = np.arange(len(prints)) * STEP_S
    now_and_then = times_s % 10 < 1.5
    found = []
    for which in (np.ones_like(now_and_then), now_and_then):
        one = repetition(times_s[which], np.stack(prints)[which])
        found.append(one is not None and one.repeats)
    return found


def _noisy(picture: Pixels, random: np.random.Generator) -> Pixels:
    return np.asarray((picture + random.normal(0, NOISE, picture.shape)).clip(0, 255), np.uint8)


def row(title: str, found: list[list[bool]]) -> str:
    always, seldom = (sum(bool(one[kind]) for one in found) for kind in (0, 1))
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
    print("| | films | found without a pause | found by 1.5 s of ten |\n|---|---|---|---|")
    for length_s in LENGTHS_S:
        size = round(length_s / STEP_S)
        cut = [film[:size] for film in films if len(film) >= size]
        if cut:
            found = [played(one, round(ROUNDS * size), random) for one in cut]
            print(row(f"loop of {length_s} s", found), flush=True)
    once = [played(film, len(film), random) for film in films]
    print(row("played once, whole", once))


if __name__ == "__main__":
    main()
