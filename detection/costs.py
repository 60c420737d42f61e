"""What looking at people costs: seconds of CPU of the thread that looks, stage by stage."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Costs:
    """Summed up over everybody; `spent_s` may be read from another thread."""

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self.spent_s: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Whatever is done within."""
        began_s = self._clock()
        try:
            yield
        finally:
            self.spent_s[stage] += self._clock() - began_s
