"""How often the light challenge believes honest callers, and attackers.

    python -m bench.light_challenge DIR [--rounds 1] [--first 0] [--clips 100]

DIR holds films of real people (`DIR/**/*.mp4`), which `signaling.client.lighting` lights again.
Each film plays each part below for each round, with room, camera, line and sequences drawn by
chance from the film's name; whoever's answer is unclear is asked once more, as the server does.
Films that are lit by other colours (a recording), or not at all, are judged by 8 pairs of sequences
each, by all their looks.  Everything from the decoded picture on is the server's own code.
Interrupted, it prints what it has.
"""

import argparse
import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.figures import median
from bench.relight import film, room, through_vp8
from detection import skin
from detection.challenge import LIGHT, LOOKS, SLOT_S, LightPlan, ask_light, family
from detection.faces import FaceFinder
from detection.figures import wilson
from detection.finding import largest
from detection.light_response import Response, Seen, respond, together
from detection.light_verdict import CHANCES, CHANCES_AGAIN, WORTH_ANOTHER, Verdict, judge
from detection.media import Picture
from detection.models import Models, read_lock
from signaling.client.clips import Clip, Pixels, read
from signaling.client.lighting import Light, Room, Screen

# Part, and the screen's light on the face as a share of the room's.
PARTS = (
    ("honest", 0.15),
    ("honest", 0.10),
    ("honest", 0.05),
    ("honest", 0.02),
    ("honest", 0.01),
    ("recording", 0.10),
    ("unlit", 0.10),
    ("swap", 0.10),
    ("global tint", 0.10),
    ("global overlay", 0.10),
    ("faint global tint", 0.03),
    ("smart tint", 0.10),
    ("swap on a lit face", 0.10),
)
# What is rendered, where it is not called like its part.
FILMS = {"recording": "honest", "faint global tint": "global tint"}
OTHERS = 8
ROUND_TRIP_S = 0.1
TRAILING_S = 0.6
# Slots of grey between two sequences.
BETWEEN = 6
REST: Light = np.full((BETWEEN, 3), 0.2)


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
    """What the server measures of one film."""

    def __init__(self, finder: FaceFinder, pictures: Iterator[tuple[float, Pixels]]) -> None:
        self._finder = finder
        self._pictures = pictures
        self._watched_s = -1.0
        self._times: list[float] = []
        self._regions: list[skin.Floats] = []
        self._behind: list[skin.Floats] = []

    def _watch(self, until_s: float) -> None:
        while self._watched_s < until_s:
            self._watched_s, pixels = next(self._pictures)
            picture = Picture(self._watched_s, self._watched_s, pixels)
            for face in self._finder.find(picture)[:1]:
                self._times.append(self._watched_s)
                self._regions.append(skin.regions(picture, face))
                self._behind.append(skin.background(picture, face))

    def seen(self, begins_s: float, until_s: float) -> Seen:
        """From a sequence's beginning on, by the time since it."""
        self._watch(until_s)
        times = np.array(self._times)
        there = (times >= begins_s) & (times <= until_s)
        return Seen(
            times[there] - begins_s, np.stack(self._regions)[there], np.stack(self._behind)[there]
        )

    @property
    def brightness(self) -> float:
        return float(np.nanmean(np.stack(self._regions)[:, :, 1]))


def asked(watching: Watching, plans: Sequence[LightPlan]) -> tuple[Verdict, str, Response | None]:
    """The end of a challenge, and of a second if the first was unclear."""
    first: Response | None = None
    begins_s = 0.0
    for plan, chances in zip(plans, (CHANCES, CHANCES_AGAIN), strict=True):
        for slots, allowed in zip(plan.looks, chances, strict=True):
            until_s = begins_s + slots * plan.slot_s + TRAILING_S
            response = respond(watching.seen(begins_s, until_s), plan, slots, ROUND_TRIP_S)
            if response is not None and first is not None:
                response = together(first, response)
            verdict, reason = judge(response, allowed)
            if verdict is not Verdict.INCONCLUSIVE:
                return verdict, reason, response
        if reason not in WORTH_ANOTHER:
            break
        first, begins_s = response, plan.duration_s + BETWEEN * plan.slot_s
    return verdict, reason, response


def answers(clip: Clip, number: int, finder: FaceFinder) -> Iterator[Answer]:
    for part, share in PARTS:
        name = f"{clip.name} {part} {share} {number}"
        random = np.random.default_rng(list(hashlib.sha256(name.encode()).digest()))
        where = room(random, share)
        plans = ask_light(random.bytes), ask_light(random.bytes)
        colours = [LIGHT[family(plan.seed)[plan.number]] for plan in plans]
        screen = Screen(np.concatenate([colours[0], REST, colours[1]]), plans[0].slot_s)
        pictures = film(clip, FILMS.get(part, part), screen, where, random)
        watching = Watching(finder, through_vp8(pictures, where.bitrate_bps, where.frames_per_s))
        asking = [plans]
        if part in ("recording", "unlit"):
            asking = [tuple(other_than(plan, random) for plan in plans) for _ in range(OTHERS)]
        for pair in asking:
            yield Answer(part, share, *asked(watching, pair), where, watching.brightness)


def other_than(plan: LightPlan, random: np.random.Generator) -> LightPlan:
    """Of the same family: as unlike the asked one as any other sequence."""
    count = len(family(plan.seed))
    return LightPlan(plan.seed, (plan.number + int(random.integers(1, count))) % count)


def interval(hits: int, count: int) -> str:
    """Wilson's interval of 95 %, in per cent."""
    low, high = wilson(hits, count)
    return f"{100 * low:.1f} to {100 * high:.1f}"


def row(title: str, group: list[Answer]) -> str:
    seen = [one for one in group if one.response is not None]
    passed = [one.response.slots for one in seen if one.verdict is Verdict.PASSED and one.response]
    if not seen:
        return f"| {title} | 0 | - | - | - | {len(group)} |"
    at_once = sum(slots <= LOOKS[-1] for slots in passed)
    half_s = f"{SLOT_S * median(passed):.1f} s" if passed else "-"
    return (
        f"| {title} | {len(seen)} | {at_once} | {len(passed)}: "
        f"{100 * len(passed) / len(seen):.1f} % ({interval(len(passed), len(seen))}) | "
        f"{half_s} | {len(group) - len(seen)} |"
    )


def print_tables(found: list[Answer]) -> None:
    head = (
        "| | trials | passed by one sequence | passed (95 % interval) | half of them within "
        "| not seen |\n|---|---|---|---|---|---|"
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
    found: list[Answer] = []
    with suppress(KeyboardInterrupt):
        found.extend(measured(arguments))
    print_tables(found)


def measured(arguments: argparse.Namespace) -> Iterator[Answer]:
    finder = FaceFinder(Models(arguments.models, read_lock()))
    for path in sorted(arguments.directory.rglob("*.mp4"))[: arguments.clips]:
        clip = read(path, largest(finder))
        if clip is None:
            continue
        for number in range(arguments.first, arguments.first + arguments.rounds):
            for one in answers(clip, number, finder):
                print(clip.name, one.part, one.share, one.reason, told(one), file=sys.stderr)
                yield one


def told(answer: Answer) -> str:
    response = answer.response
    if response is None:
        return ""
    return (
        f"{response.slots} slots, chance {response.answer.chance:.5f}, behind "
        f"{response.background_ratio:.2f} +- {response.background_error:.2f}"
    )


if __name__ == "__main__":
    main()
