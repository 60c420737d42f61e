"""What one core checks: the cost of a check, and how old looks become with more people than that.

    python -m bench.detection_load FILM [--side 320] [--models models]

What the policy asks of everybody in ten seconds: a look (45 pictures of FILM as a call sends them,
and 100 packets of sound) and glances (all pictures of the smallest encoding, whose longer side is
SIDE; 640 is a publisher who sends one size only).  Some are really made, turn by turn, and their
CPU is what the simulation spends: frames of many people come in, the worker's own queues say whose
turn it is, and a virtual clock goes on by what each turn costs.  What others do on this machine
makes nothing late, and checks dearer (caches): the cheapest of five is what counts.
"""

import argparse
import heapq
import itertools
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from bench.figures import median, percentile
from detection.decoder import Encoded
from detection.panel import panel
from detection.participant import Participant
from detection.policy import GLANCES_GATHER_S, NOW_AND_THEN, TURN_FRAMES, Turns
from detection.sending import AUDIO, VIDEO, Sending, sent
from detection.tools import Tools, open_tools

Frames = list[tuple[int, Encoded]]
GLANCES = 3
CHECKS = 5
# So many participants at least shall fit on a core.
BAR = 20
EVERY_S = 10
# As long as the worker waits for frames.
IDLE_S = 0.1
ROUNDS = 12
PICTURES_PER_S = 30
GLANCED_AT = EVERY_S * PICTURES_PER_S
GATHERED = round(GLANCES_GATHER_S * PICTURES_PER_S)


@dataclass(frozen=True)
class Costs:
    """CPU in seconds; of each turn of each look, the last of which concludes, and of a glance."""

    looks: list[list[float]]
    glance: float

    @property
    def look(self) -> float:
        return min(sum(look) for look in self.looks)

    @property
    def check(self) -> float:
        """Of ten seconds of one participant."""
        return self.look + GLANCED_AT * self.glance


def look_frames(film: Path) -> Frames:
    """The frames of one look, in the order in which they come."""
    left = {VIDEO: NOW_AND_THEN["video"].burst_frames, AUDIO: NOW_AND_THEN["audio"].burst_frames}
    taken: Frames = []
    for track, frame in sorted(sent(film, Sending(seconds=4.0)), key=lambda one: one[1].at_s):
        if left[track]:
            left[track] -= 1
            taken.append((track, frame))
    return taken


def watched(tools: Tools) -> Participant:
    participant = Participant(tools.finder, panel(tools))
    participant.open_track(VIDEO, "vp8")
    participant.open_track(GLANCES, "vp8", glances=True)
    participant.open_track(AUDIO, "opus")
    return participant


def look_costs(frames: Frames, tools: Tools) -> list[list[float]]:
    participant = watched(tools)
    found = []
    for check in range(CHECKS):
        turns, now = deque(frames), 0.0
        spent = []
        while turns:
            began_s = time.thread_time()
            for _ in range(min(TURN_FRAMES, len(turns))):
                track, frame = turns.popleft()
                now = frame.at_s + EVERY_S * check
                media_s = frame.media_s + EVERY_S * check
                moved = replace(frame, at_s=now, media_s=media_s, burst=check)
                participant.receive(track, moved)
            spent.append(time.thread_time() - began_s)
        began_s = time.thread_time()
        participant.conclude(now + 1)
        participant.judge(now + 1)
        spent.append(time.thread_time() - began_s)
        found.append(spent)
    return found


def glance_cost(film: Path, side: int, tools: Tools) -> float:
    """Of one frame, with a share of what follows from those that gathered."""
    sending = Sending(longest_side=side, bitrate_bps=side * 1000, seconds=EVERY_S)
    frames = [frame for track, frame in sent(film, sending) if track == VIDEO]
    participant = watched(tools)
    spent = []
    for check in range(CHECKS):
        began_s = time.thread_time()
        for number, frame in enumerate(frames):
            now = frame.at_s + EVERY_S * check
            participant.receive(GLANCES, replace(frame, at_s=now))
            if number % GATHERED == 0:
                participant.notice(now)
        spent.append(time.thread_time() - began_s)
    return min(spent) / len(frames)


@dataclass
class Told:
    """What became of many people's frames: ages in seconds, of the last half of the time."""

    looks: list[float] = field(default_factory=list)
    glances: list[float] = field(default_factory=list)
    dropped: Counter[bool] = field(default_factory=Counter)


def arrivals(
    people: int, frames: Sequence[tuple[int, Encoded]]
) -> Iterator[tuple[float, int, int, Encoded]]:
    """When which frame of whose track comes; a look's key frame begins the glances anew, too."""
    begins_s = frames[0][1].at_s
    glances = [
        (GLANCES, Encoded(number / PICTURES_PER_S, 0.0, number == 0, False, 0, bytes(600)))
        for number in range(GLANCED_AT)
    ]
    looks = [(track, replace(frame, at_s=frame.at_s - begins_s)) for track, frame in frames]
    ten_seconds = sorted((*looks, *glances), key=lambda one: one[1].at_s)

    def of(person: int) -> Iterator[tuple[float, int, int, Encoded]]:
        for check in range(ROUNDS):
            from_s = EVERY_S * (check + person / people)
            for track, frame in ten_seconds:
                at_s = from_s + frame.at_s
                yield at_s, person, track, replace(frame, at_s=at_s, burst=check)

    return heapq.merge(*(of(person) for person in range(people)), key=lambda one: one[:3])


def ages(people: int, frames: Frames, costs: Costs) -> Told:
    """How old each person's look and glance are, every second, and what was let go of."""
    turns: Turns[int, int] = Turns()
    turn_s = itertools.cycle([cost for look in costs.looks for cost in look[:-1]])
    end_s = itertools.cycle([look[-1] for look in costs.looks])
    coming = arrivals(people, frames)
    due, now, told = next(coming, None), 0.0, Told()
    seen: dict[bool, dict[int, float]] = {False: {}, True: {}}
    next_s = EVERY_S * ROUNDS / 2
    while due is not None:
        while due is not None and due[0] <= now:
            _, person, track, frame = due
            (turns.glances if track == GLANCES else turns.looks).put(person, track, frame)
            due = next(coming, None)
        turn = turns.take(now)
        if turn is None:
            now += IDLE_S
            continue
        spent_s = len(turn.frames) * costs.glance if turn.glances else next(turn_s)
        if not (turn.glances or turns.looks.has(turn.whose)):
            spent_s += next(end_s)
        now += spent_s
        turns.took(turn, spent_s, now)
        seen[turn.glances][turn.whose] = turn.frames[-1][1].at_s
        while next_s <= min(now, EVERY_S * ROUNDS):
            told.looks += [next_s - at_s for at_s in seen[False].values()]
            told.glances += [next_s - at_s for at_s in seen[True].values()]
            next_s += 1
    told.dropped[False] = sum(turns.looks.dropped.values())
    told.dropped[True] = sum(turns.glances.dropped.values())
    return told


def spread(found: list[float]) -> str:
    return f"{median(found):.1f} s, {percentile(found, 95):.1f} s, {max(found):.1f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("film", type=Path)
    parser.add_argument("--side", type=int, default=320, help="of the smallest encoding")
    parser.add_argument("--models", type=Path, default=Path("models"))
    arguments = parser.parse_args()
    frames, tools = look_frames(arguments.film), open_tools(arguments.models)
    costs = Costs(look_costs(frames, tools), glance_cost(arguments.film, arguments.side, tools))
    fit = int(EVERY_S / costs.check)
    print(
        f"ten seconds of one participant: {1000 * costs.look:.0f} ms of CPU for a look and "
        f"{1000 * GLANCED_AT * costs.glance:.0f} ms for glances; {fit} participants a core\n"
    )
    print(
        "| people | age of a look: median, 95 %, worst | of a glance "
        "| frames let go of: looks, glances |\n|---|---|---|---|"
    )
    for people in sorted({BAR, fit // 2, fit, 2 * fit, 5 * fit}):
        told = ages(people, frames, costs)
        shares = [
            100 * told.dropped[kind] / (people * ROUNDS * count)
            for kind, count in ((False, len(frames)), (True, GLANCED_AT))
        ]
        print(
            f"| {people} | {spread(told.looks)} | {spread(told.glances)} "
            f"| {shares[0]:.0f} %, {shares[1]:.0f} % |"
        )


if __name__ == "__main__":
    main()
