"""When a child process counts as hung, and how soon one that ended is started again.

Pure: clock and jitter are arguments.  It knows nothing of processes, only of beats and ends.
"""

from dataclasses import dataclass

# A check that comes this late proves that we were held up ourselves, as by a paused machine.
HELD_UP_S = 1.0


@dataclass(frozen=True, slots=True)
class Budget:
    """How much patience there is with a child that keeps ending."""

    restarts: int = 5
    running_s: float = 60.0
    """An end is forgotten when the child has run this long since, in one piece or in several."""
    second_delay_s: float = 0.5
    """Before the second restart; it doubles with each one after it.  The first does not wait."""
    longest_delay_s: float = 8.0
    degraded_delay_s: float = 30.0


@dataclass(frozen=True, slots=True)
class History:
    """The ends that still count: for each, how long the child has run since, oldest first.

    Counting running time and not time of day means that a child which never gets as far as its
    first beat cannot wait until it is forgiven.
    """

    ages_s: tuple[float, ...] = ()

    def after(self, ran_s: float, budget: Budget) -> "History":
        """The history with one more end, after a life of `ran_s` counted from its first beat."""
        aged = (age_s + ran_s for age_s in self.ages_s)
        kept = tuple(age_s for age_s in aged if age_s < budget.running_s)
        # More than decide that the budget is spent are not needed, however long this goes on.
        return History((*kept, 0.0)[-(budget.restarts + 1) :])


@dataclass(frozen=True, slots=True)
class Restart:
    """What to do after an end."""

    delay_s: float
    degraded: bool


def decide(history: History, budget: Budget, jitter: float) -> Restart:
    """The restart that is due after the newest end in the history.

    `jitter` is in [0, 1) and takes away up to half of a delay, so that children which ended
    together do not start together, and a later delay is still never shorter than an earlier one
    until both are at the longest.
    """
    restarts = len(history.ages_s)
    if restarts > budget.restarts:
        return Restart(budget.degraded_delay_s, degraded=True)
    if restarts <= 1:
        return Restart(0.0, degraded=False)
    delay_s = min(budget.second_delay_s * 2.0 ** (restarts - 2), budget.longest_delay_s)
    return Restart(delay_s * (1.0 - jitter / 2.0), degraded=False)


class Pulse:
    """When a child was last heard, and until when its silence means nothing."""

    def __init__(self, now: float, first_timeout_s: float, timeout_s: float) -> None:
        """It started just now; the first beat may take longer than the others."""
        self._timeout_s = timeout_s
        self._patience_s = first_timeout_s
        self.due = now + first_timeout_s

    def beat(self, now: float) -> None:
        """It was heard."""
        self._patience_s = self._timeout_s
        self.due = now + self._timeout_s

    def is_hung(self, now: float) -> bool:
        """Whether it has been silent for too long.

        One that was asked much later than `due` starts counting anew instead: whoever asks was
        held up, and the child perhaps as well.
        """
        if now - self.due > HELD_UP_S:
            self.due = now + self._patience_s
        return now >= self.due
