"""Whether noise that never changes can be told from a camera's, behind the encoder of a call.

    python -m bench.noise DIR

A picture that a program makes may lie on one background, with one and the same noise.  Each film
of DIR (`DIR/**/*.mp4`) gets noise of a camera, new in each picture, and noise that was drawn once;
both go through VP8.  What is compared is how much the calmest quarter of the picture changes from
one picture to the next, of those in the middle.
"""

import argparse
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path

import numpy as np

from bench.relight import through_vp8
from detection.figures import auc
from detection.media import Pixels
from detection.sending import Sending, shown

PICTURES_PER_S, PICTURES = 30, 60
BITRATES_BPS = (300_000, 600_000, 1_000_000)
# Less than this is nothing: a decoder's rounding.
STILL = 0.05
# Levels of 256: a good camera by day, a bad one in the evening.
NOISES = (1.0, 3.0)
FIELD = 16


def noisy(
    film: Iterator[Pixels], noise: float, *, is_fixed: bool
) -> Iterator[tuple[float, Pixels]]:
    random = np.random.default_rng(1)
    drawn: Pixels | None = None
    for number, picture in enumerate(film):
        if drawn is None or not is_fixed:
            drawn = random.normal(0, noise, picture.shape)
        yield number / PICTURES_PER_S, (picture + drawn).clip(0, 255).astype(np.uint8)


def change(film: Iterator[tuple[float, Pixels]], bitrate_bps: int) -> float:
    """Mean change of a pixel in the calmest fields, in levels of 256."""
    before: Pixels | None = None
    changes = []
    for _, pixels in through_vp8(film, bitrate_bps, PICTURES_PER_S):
        light = pixels.mean(axis=2)
        rows, columns = (side // FIELD for side in light.shape)
        if before is not None:
            apart = np.abs(light - before)[: rows * FIELD, : columns * FIELD]
            changes.append(apart.reshape(rows, FIELD, columns, FIELD).mean(axis=(1, 3)))
        before = light
    return float(np.percentile(np.median(changes, axis=0), 25))


def changes(film: Path, noise: float, bitrate_bps: int) -> tuple[float, float]:
    """With a camera's noise, and with noise that was drawn once."""
    once, always = (
        change(
            noisy(
                islice(shown(film, 1 / PICTURES_PER_S, Sending()), PICTURES), noise, is_fixed=fixed
            ),
            bitrate_bps,
        )
        for fixed in (True, False)
    )
    return always, once


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    films = sorted(parser.parse_args().folder.rglob("*.mp4"))
    print("| noise | bitrate | a camera's is still | drawn once is still | AUC |")
    print("|---|---|---|---|---|")
    for noise, bitrate_bps in product(NOISES, BITRATES_BPS):
        found = np.array([changes(film, noise, bitrate_bps) for film in films])
        still = (found < STILL).sum(axis=0)
        ranked = auc(-found.ravel(), np.tile([False, True], len(films)))
        shares = " | ".join(f"{count} of {len(films)}" for count in still)
        print(f"| {noise:.0f} | {bitrate_bps // 1000} kb/s | {shares} | {ranked:.2f} |", flush=True)


if __name__ == "__main__":
    main()
