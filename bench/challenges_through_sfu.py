"""How often light challenges are believed through real media: VP8, the media process, detection.

    python -m bench.challenges_through_sfu DIR [--minutes 15] [--at-once 2] [--share 0.10]

A real `candor serve` asks everybody who joins.  Each film of DIR (`DIR/**/*.mp4`) with real people
sits before a camera once honestly, once lit by other colours, and once not lit at all, in a room,
a camera and with a line drawn by chance (`bench.relight`).  Callers encode and send like a tester's
`candor call --answer`.  When the minutes are over nobody new comes.  Prints a table with intervals,
why others were not believed, and how busy the machine was.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.light_challenge import interval
from bench.relight import room
from bench.serving import Serving, serving
from detection import WORTH_ANOTHER, finding
from signaling import addresses
from signaling.client import connect
from signaling.client.answering import Answer, Answering
from signaling.client.clips import Clip, read
from signaling.client.sending import Silence
from signaling.risk.consent import VERSION

ANSWERS: tuple[Answer, ...] = ("honest", "other", "unlit")
# The first look, the way there, twice fourteen seconds of colours, and a machine with much else to
# do.
ENDED_WITHIN_S = 120.0
NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Visit:
    """One film in one room."""

    answer: Answer
    clip: Clip
    number: int

    @property
    def room(self) -> str:
        return f"{self.answer}-{self.number}"


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a challenge."""

    answer: Answer
    outcome: str
    reason: str


async def visited(candor: Serving, visit: Visit, share: float) -> Ended:
    random = np.random.default_rng(list(visit.room.encode()))
    where = room(random, share)
    async with connect(candor.address, candor.token(visit.room, "sitter")) as caller:
        answering = Answering(caller, visit.answer)
        await caller.enter(visit.room, consent=VERSION)
        await caller.publish(lambda: (Silence(), answering.sit(visit.clip, where, random)))
        try:
            async with asyncio.timeout(ENDED_WITHIN_S):
                ended = await answering.ended.get()
                if ended.reason in WORTH_ANOTHER:
                    ended = await answering.ended.get()
        except TimeoutError:
            return Ended(visit.answer, NOT_ASKED, NOT_ASKED)
    return Ended(visit.answer, ended.outcome, ended.reason)


def visits(folder: Path, models: Path) -> Iterator[Visit]:
    """Film after film, so that each part has had as many whenever time is over."""
    find = finding.opened(models)
    for number, path in enumerate(sorted(folder.rglob("*.mp4"))):
        clip = read(path, find)
        if clip is not None:
            yield from (Visit(answer, clip, number) for answer in ANSWERS)


async def measured(candor: Serving, arguments: argparse.Namespace) -> list[Ended]:
    ends_s = time.monotonic() + 60 * arguments.minutes
    coming = visits(arguments.directory, arguments.models)
    reading, found = asyncio.Lock(), list[Ended]()

    async def one_after_the_other() -> None:
        while time.monotonic() < ends_s:
            async with reading:
                visit = await asyncio.to_thread(lambda: next(coming, None))
            if visit is None:
                return
            async with candor.owner() as http:
                await http.post(addresses.API_ROOMS.path, json={"id": visit.room})
                policy = addresses.API_ROOM_CHALLENGES.path.format(room=visit.room)
                await http.put(policy, json={"at_join": "light"})
            found.append(await visited(candor, visit, arguments.share))
            print(visit.clip.name, found[-1], flush=True)

    await asyncio.gather(*(one_after_the_other() for _ in range(arguments.at_once)))
    return found


def print_table(found: list[Ended]) -> None:
    print("| answered | trials | passed (95 % interval) | failed | not believed because |")
    print("|---|---|---|---|---|")
    for answer in ANSWERS:
        mine = [one for one in found if one.answer == answer]
        passed = sum(one.outcome == "passed" for one in mine)
        failed = sum(one.outcome == "failed" for one in mine)
        why = Counter(one.reason for one in mine if one.outcome != "passed")
        because = ", ".join(f"{reason} {count}" for reason, count in why.most_common())
        chance = interval(passed, len(mine)) if mine else "-"
        print(f"| {answer} | {len(mine)} | {passed} ({chance}) | {failed} | {because} |")


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.challenges_through_sfu")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--share", type=float, default=0.10, help="of light by a white screen")
    parser.add_argument("--models", type=Path, default=Path("models"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        models = str(arguments.models.absolute())
        async with serving(Path(data) / "data", DETECTION_MODELS=models) as candor:
            found = await measured(candor, arguments)
    print_table(found)
    print("load average", *(f"{one:.1f}" for one in os.getloadavg()))


if __name__ == "__main__":
    asyncio.run(main())
