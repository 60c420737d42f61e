"""How many films that are played in a loop are found within two rounds, and how many that are not.

    python -m bench.loops DIR

Each film of DIR (`DIR/**/*.mp4`) is cut to so many seconds and a few pictures, and played twice
through a camera's noise and VP8 at 200 kb/s, 30 pictures a second.  Films of people are short, so
long loops are several films in a row.  Films that are played once, and rows of them, are watched
for as long as they are: there every find is false.
"""

import argparse
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

import numpy as np

from bench.light_challenge import interval
from bench.relight import through_vp8
from detection.media import Pixels
from detection.repetition import LEAST_MOVEMENT, MOST_ALIKE, Memory, fingerprint
from detection.sending import Sending, shown

PICTURES_PER_S = 30
LENGTHS_S = (5, 8, 12, 20)
ROW_LENGTHS_S = (12, 20, 30, 45, 60)
ROWS = 4
ROW_S = 200
# A film ends anywhere, not after a whole number of seconds or steps.
_ODD_PICTURES = 8
SMALL = Sending(longest_side=320)
SHAPE = (180, 320)
BITRATE_BPS = 200_000
NOISE = 2.0

Film = Sequence[Pixels]


class Camera:
    """Adds noise, which is never the same in two pictures that follow each other."""

    def __init__(self, random: np.random.Generator) -> None:
        self.random = random
        self._noises = random.normal(0, NOISE, (40, *SHAPE, 3)).astype(np.float32)

    def film(self, pictures: Iterator[Pixels]) -> Iterator[tuple[float, Pixels]]:
        for number, picture in enumerate(pictures):
            noise = self._noises[self.random.integers(len(self._noises))]
            height, width = picture.shape[:2]
            noisy = (picture + noise[:height, :width]).clip(0, 255)
            yield number / PICTURES_PER_S, noisy.astype(np.uint8)


def least_alike(pictures: Iterator[Pixels], camera: Camera) -> float:
    """How alike the most alike distance ever was, asked every second; 1 where nothing told."""
    memory, asked_s, least = Memory(), 0.0, 1.0
    for at_s, pixels in through_vp8(camera.film(pictures), BITRATE_BPS, PICTURES_PER_S):
        if memory.wants(at_s):
            memory.add(at_s, fingerprint(pixels))
        if at_s >= asked_s + 1:
            asked_s = at_s
            said = memory.repetition()
            if said is not None and said.movement >= LEAST_MOVEMENT:
                least = min(least, said.alike)
    return least


def fitted(film: Film) -> Film:
    """The same in the shape that all have, so that films can be shown in a row."""
    height, width = SHAPE
    return [np.ascontiguousarray(_covering(picture)[:height, :width]) for picture in film]


def _covering(picture: Pixels) -> Pixels:
    rows, columns = (
        np.linspace(0, side - 1, wanted).astype(int)
        for side, wanted in zip(picture.shape[:2], SHAPE, strict=True)
    )
    return picture[np.ix_(rows, columns)]


def twice(film: Film, length_s: float, camera: Camera) -> Iterator[Pixels] | None:
    """Two rounds of so many seconds of a film; None if it is not as long."""
    size = round(length_s * PICTURES_PER_S) + int(camera.random.integers(_ODD_PICTURES))
    return chain(film[:size], film[:size]) if len(film) >= size else None


def row(title: str, alike: Sequence[float]) -> str:
    count, found = len(alike), sum(one <= MOST_ALIKE for one in alike)
    return (
        f"| {title} | {count} | {found} ({interval(found, count)} %) "
        f"| {min(alike):.2f} to {max(alike):.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    arguments = parser.parse_args()
    camera = Camera(np.random.default_rng(1))
    paths = sorted(arguments.directory.rglob("*.mp4"))
    films = [fitted(list(shown(path, 1 / PICTURES_PER_S, SMALL))) for path in paths]
    orders = [camera.random.permutation(len(films)) for _ in range(ROWS)]
    rows = [
        list(islice(chain.from_iterable(films[one] for one in order), ROW_S * PICTURES_PER_S))
        for order in orders
    ]
    print("| | films | found within two rounds | most alike |\n|---|---|---|---|")
    for kind, some, lengths_s in (
        ("", films, LENGTHS_S),
        (", films in a row", rows, ROW_LENGTHS_S),
    ):
        for length_s in lengths_s:
            loops = [loop for film in some if (loop := twice(film, length_s, camera)) is not None]
            if loops:
                alike = [least_alike(loop, camera) for loop in loops]
                print(row(f"loop of {length_s} s{kind}", alike), flush=True)
    for kind, some in (("played once", films), ("in a row, played once", rows)):
        print(row(kind, [least_alike(iter(film), camera) for film in some]), flush=True)


if __name__ == "__main__":
    main()
