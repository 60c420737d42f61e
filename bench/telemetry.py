"""What is measured and weighs nothing: how far it tells fakes from real people, and what it costs.

    python -m bench.telemetry DIR [--swaps REGEX] [--models models]

DIR is a labelled set as for `candor evaluate`; films are sent as a call would, 12 s of each, and
looked at without a pause.  Fakes whose names fit `--swaps` are told apart from all others.  AUC of
the last thing that each signal said: 0.5 is chance, below it fakes have the lower figure.
"""

import argparse
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bench.figures import median
from detection.decoder import PictureDecoder
from detection.evaluate import Labelled, read_set
from detection.figures import auc, figure
from detection.following import Follower
from detection.media import Sight
from detection.policy import LOOK_CLOSELY_EVERY_S
from detection.sending import VIDEO, Sending, sent, shows_something
from detection.signals import Signal
from detection.signals.blinks import Blinks
from detection.signals.pulse import Pulse
from detection.signals.seam import Seam
from detection.tools import Tools, open_tools

Measured = dict[str, float]
SWAPS = r"fake/(dfl|ffpp|dfdc)_"


def measured(film: Path, tools: Tools, cost_ms: dict[str, list[float]]) -> Measured:
    """Everything that was measured of a film, by signal and name."""
    decoder, signals = PictureDecoder("vp8"), (Seam(), Pulse(), Blinks())
    assert tools.finder is not None
    follower, found, next_s, now = Follower(tools.finder), Measured(), 0.0, 0.0
    for track, frame in sent(film, Sending()):
        now = frame.at_s
        due = track == VIDEO and now >= next_s
        next_s = now + LOOK_CLOSELY_EVERY_S if due else next_s
        for picture in decoder.decode(frame, shown=due) if track == VIDEO else ():
            sight = Sight(picture, follower.find(picture))
            for signal in signals:
                began_s = time.thread_time()
                signal.look(sight)
                cost_ms.setdefault(signal.name, []).append(1000 * (time.thread_time() - began_s))
    for signal in signals:
        found |= concluded(signal, now, cost_ms)
    return found


def concluded(signal: Signal, now: float, cost_ms: dict[str, list[float]]) -> Measured:
    began_s = time.thread_time()
    said = signal.conclude(now)
    spent_ms = 1000 * (time.thread_time() - began_s)
    cost_ms.setdefault(f"{signal.name}, concluding", []).append(spent_ms)
    return {f"{signal.name} {name}": value for one in said for name, value in one.measured.items()}


def row(name: str, found: Mapping[Labelled, Measured], swaps: re.Pattern[str]) -> str:
    chance = np.random.default_rng(1)
    having = {file: values[name] for file, values in found.items() if name in values}

    def told(of_swaps: bool) -> str:
        kept = [one for one in having if not one.fake or bool(swaps.search(one.name)) is of_swaps]
        values = np.array([having[one] for one in kept])
        fake = np.array([one.fake for one in kept], dtype=bool)
        what = figure(auc, values, fake, chance)
        if what.value is None:
            return "-"
        return f"{what.value:.2f} ({what.low:.2f} to {what.high:.2f}; {fake.sum()})"

    reals = sum(not one.fake for one in having)
    return f"| {name} | {reals} | {told(True)} | {told(False)} |"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--swaps", type=re.compile, default=re.compile(SWAPS))
    parser.add_argument("--models", type=Path, default=Path("models"))
    asked = parser.parse_args(arguments)
    tools, cost_ms = open_tools(asked.models), dict[str, list[float]]()
    films = [one for one in read_set(asked.folder) if shows_something(one.path)]
    found = {film: measured(film.path, tools, cost_ms) for film in films}
    print("| figure | real films | AUC on swaps (fakes) | on other fakes |\n|---|---|---|---|")
    for name in sorted({name for values in found.values() for name in values}):
        print(row(name, found, asked.swaps))
    for stage, values in cost_ms.items():
        print(f"{stage}: {median(values):.3f} ms, mean {np.mean(values):.3f} ms")


if __name__ == "__main__":
    main()
