"""What one core checks: the cost of a check, and how old looks become with more people than that.

    python -m bench.detection_load FILM [--models models]

One check is what the policy asks of everybody every ten seconds: 45 pictures of FILM as a call
sends them, and 100 packets of sound.  Three are really made, turn by turn, and their CPU is what
the simulation spends: bursts of many people come in, the worker's own queue says whose turn it is,
and a virtual clock goes on by what each turn costs.  So what others do on this machine makes checks
dearer (caches), and nothing late.
"""

import argparse
import itertools
import time
from collections import deque
from pathlib import Path

from msgspec.structs import replace

from bench.figures import median, percentile
from detection.decoder import Encoded
from detection.panel import panel
from detection.participant import Participant
from detection.policy import NOW_AND_THEN, TURN_FRAMES, Waiting
from detection.sending import AUDIO, VIDEO, Sending, sent
from detection.tools import Tools, open_tools

Frames = list[tuple[int, Encoded]]
CHECKS = 3
MINUTES = 5


def burst(film: Path) -> Frames:
    """The frames of one check, in the order in which they come."""
    left = {VIDEO: NOW_AND_THEN["video"].burst_frames, AUDIO: NOW_AND_THEN["audio"].burst_frames}
    taken: Frames = []
    for track, frame in sorted(sent(film, Sending(seconds=4.0)), key=lambda one: one[1].at_s):
        if left[track]:
            left[track] -= 1
            taken.append((track, frame))
    return taken


def costs(frames: Frames, tools: Tools) -> list[list[float]]:
    """CPU of each turn of each check, in seconds; the last is the conclusion."""
    participant = Participant(tools.finder, panel(tools))
    participant.open_track(VIDEO, "vp8")
    participant.open_track(AUDIO, "opus")
    found = []
    for check in range(CHECKS):
        turns, now = deque(frames), 0.0
        spent = []
        while turns:
            began_s = time.thread_time()
            for _ in range(min(TURN_FRAMES, len(turns))):
                track, frame = turns.popleft()
                now = frame.at_s + 10 * check
                media_s = frame.media_s + 10 * check
                moved = replace(frame, at_s=now, media_s=media_s, burst=check)
                participant.receive(track, moved)
            spent.append(time.thread_time() - began_s)
        began_s = time.thread_time()
        participant.conclude(now + 1)
        participant.judge(now + 1)
        spent.append(time.thread_time() - began_s)
        found.append(spent)
    return found


def ages(people: int, frames: Frames, checks: list[list[float]]) -> tuple[list[float], int, int]:
    """How old each person's look is, every second of the last half; looks done, and let go of."""
    waiting: Waiting[int, int] = Waiting()
    begins_s = frames[0][1].at_s
    arrivals = sorted(
        (10 * check + 10 * person / people + frame.at_s - begins_s, person, check, track, frame)
        for person in range(people)
        for check in range(MINUTES * 6)
        for track, frame in frames
    )  # fmt: skip
    turn_s = itertools.cycle([cost for check in checks for cost in check[:-1]])
    end_s = itertools.cycle([check[-1] for check in checks])
    due, now, seen, told, next_s = deque(arrivals), 0.0, {}, [], MINUTES * 30.0
    done = 0
    while due or len(waiting):
        while due and due[0][0] <= now:
            at_s, person, check, track, frame = due.popleft()
            waiting.put(person, track, replace(frame, at_s=at_s, burst=check))
        turn = waiting.take(now)
        if turn is None:
            now = due[0][0]
            continue
        person, taken = turn
        now += next(turn_s)
        if not waiting.has(person):
            now += next(end_s)
            done += 1
        seen[person] = taken[-1][1].at_s
        while now >= next_s and next_s < MINUTES * 60:
            told += [next_s - at_s for at_s in seen.values()]
            next_s += 1
    return told, done, sum(waiting.dropped.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("film", type=Path)
    parser.add_argument("--models", type=Path, default=Path("models"))
    arguments = parser.parse_args()
    frames = burst(arguments.film)
    checks = costs(frames, open_tools(arguments.models))
    check_s = median([sum(check) for check in checks])
    fit = int(10 / check_s)
    print(f"one check: {1000 * check_s:.0f} ms of CPU; {fit} participants a core\n")
    print("| people | age of a look: median | 95 % | worst | frames let go of |")
    print("|---|---|---|---|---|")
    for people in (fit // 2, fit, 2 * fit, 5 * fit):
        told, _, dropped = ages(people, frames, checks)
        share = dropped / (people * MINUTES * 6 * len(frames))
        print(
            f"| {people} | {median(told):.1f} s | {percentile(told, 95):.1f} s | {max(told):.1f} s "
            f"| {100 * share:.0f} % |"
        )


if __name__ == "__main__":
    main()
