"""How often the light challenge believes honest callers, and attackers.

    python -m bench.light_challenge DIR [--rounds 1] [--first 0] [--clips 100]

DIR holds films of real people (`DIR/**/*.mp4`), which `signaling.client.lighting` lights again.
Each film plays each part below for each round, with room, camera, line and sequence drawn by chance
from the film's name.  Films that are lit, or not at all, are also judged at their last look by 8
sequences each that they were not made for: a recording of another sequence.  Everything from the
decoded picture on is the server's own code.
"""

import argparse
import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.figures import median
from bench.relight import film, room, through_vp8
from detection import skin
from detection.challenge import LIGHT, LightPlan, ask_light, family
from detection.faces import FaceFinder
from detection.figures import wilson
from detection.finding import largest
from detection.light_response import Response, Seen, respond
from detection.light_verdict import CHANCES, Verdict, judge
from detection.media import Picture
from detection.models import Models, read_lock
from signaling.client.clips import Clip, Pixels, read
from signaling.client.lighting import Room, Screen

# Part, and the screen's light on the face as a share of the room's.
PARTS = (
    ("honest", 0.15),
    ("honest", 0.10),
    ("honest", 0.05),
    ("honest", 0.02),
    ("unlit", 0.10),
    ("swap", 0.10),
    ("global tint", 0.10),
    ("global overlay", 0.10),
    ("smart tint", 0.10),
    ("swap on a lit face", 0.10),
)
OTHERS = 8
ROUND_TRIP_S = 0.1
TRAILING_S = 0.6


@dataclass(frozen=True, slots=True)
class Answer:
    part: str
    share: float
    verdict: Verdict
    reason: str
    response: Response | None
    where: Room
    brightness: float


class Watching:
    """What the server measures of one film, and its verdict look by look."""

    def __init__(self, finder: FaceFinder) -> None:
        self._finder = finder
        self._times: list[float] = []
        self._regions: list[skin.Floats] = []
        self._behind: list[skin.Floats] = []

    def watch(self, pictures: Iterator[tuple[float, Pixels]], until_s: float) -> None:
        for time_s, pixels in pictures:
            picture = Picture(time_s, time_s, pixels)
            faces = self._finder.find(picture)
            self._times.append(time_s)
            seen = skin.regions(picture, faces[0]) if faces else np.full((5, 3), np.nan)
            behind = skin.background(picture, faces[0]) if faces else np.full(3, np.nan)
            self._regions.append(seen)
            self._behind.append(behind)
            if time_s >= until_s:
                return

    @property
    def seen(self) -> Seen:
        return Seen(np.array(self._times), np.stack(self._regions), np.stack(self._behind))

    def judged(self, plan: LightPlan, look: int) -> tuple[Verdict, str, Response | None]:
        response = respond(self.seen, plan, plan.looks[look], ROUND_TRIP_S)
        return *judge(response, CHANCES[look]), response


def answers(clip: Clip, number: int, finder: FaceFinder) -> Iterator[Answer]:
    for part, share in PARTS:
        name = f"{clip.name} {part} {share} {number}"
        random = np.random.default_rng(list(hashlib.sha256(name.encode()).digest()))
        plan, where = ask_light(random.bytes), room(random, share)
        colours = LIGHT[family(plan.seed)[plan.number]]
        pictures = through_vp8(
            film(clip, part, Screen(colours, plan.slot_s), where, random),
            where.bitrate_bps,
            where.frames_per_s,
        )
        watching = Watching(finder)
        others = [int(one) for one in random.integers(len(family(plan.seed)), size=OTHERS)]
        for look, slots in enumerate(plan.looks):
            watching.watch(pictures, slots * plan.slot_s + TRAILING_S)
            verdict, reason, response = watching.judged(plan, look)
            # Of the same family: as unlike the asked one as any other sequence.
            fooled = [watching.judged(LightPlan(plan.seed, other), look)[0] for other in others]
            if verdict is not Verdict.INCONCLUSIVE:
                break
        bright = float(np.nanmean(watching.seen.regions[:, :, 1]))
        yield Answer(part, share, verdict, reason, response, where, bright)
        if part in ("honest", "unlit"):
            label = "unlit" if part == "unlit" else "other sequence"
            for one in fooled:
                yield Answer(label, share, one, "", None, where, bright)


def interval(hits: int, count: int) -> str:
    """Wilson's interval of 95 %, in per cent."""
    low, high = wilson(hits, count)
    return f"{100 * low:.1f} to {100 * high:.1f}"


def row(title: str, group: list[Answer]) -> str:
    count = len(group)
    passed = [one for one in group if one.verdict is Verdict.PASSED]
    failed = sum(one.verdict is Verdict.FAILED for one in group)
    lengths = [one.response.slots * 0.4 for one in passed if one.response]
    half_s = f"{median(lengths):.1f} s" if lengths else "-"
    return (
        f"| {title} | {count} | {100 * len(passed) / count:.1f} % "
        f"({interval(len(passed), count)}) | {100 * failed / count:.1f} % | "
        f"{half_s} |"
    )


def print_tables(found: list[Answer]) -> None:
    head = (
        "| | trials | passed (95 % interval) | failed | half passed within |\n|---|---|---|---|---|"
    )
    parts: dict[str, list[Answer]] = defaultdict(list)
    for one in found:
        share = f", {100 * one.share:.0f} %" if one.part == "honest" else ""
        parts[one.part + share].append(one)
    print(head, *(row(title, group) for title, group in parts.items()), sep="\n")
    honest = [one for one in found if one.part == "honest"]
    middle = median([one.brightness for one in honest])
    slices = {
        "darker half of skins and lights": [one for one in honest if one.brightness <= middle],
        "brighter half": [one for one in honest if one.brightness > middle],
        **{
            f"{rate // 1000} kb/s": [one for one in honest if one.where.bitrate_bps == rate]
            for rate in (200_000, 400_000, 700_000, 1_000_000)
        },
    }
    print("\nHonest, all shares:\n", head, sep="\n")
    print(*(row(title, group) for title, group in slices.items() if group), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="other rooms and sequences")
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--models", type=Path, default=Path("models"))
    arguments = parser.parse_args()
    finder = FaceFinder(Models(arguments.models, read_lock()))
    found: list[Answer] = []
    for path in sorted(arguments.directory.rglob("*.mp4"))[: arguments.clips]:
        clip = read(path, largest(finder))
        if clip is None:
            continue
        rounds = range(arguments.first, arguments.first + arguments.rounds)
        mine = [one for number in rounds for one in answers(clip, number, finder)]
        for one in mine:
            if one.reason:
                print(clip.name, one.part, one.share, one.reason, one.response, file=sys.stderr)
        found += mine
    print_tables(found)


if __name__ == "__main__":
    main()
