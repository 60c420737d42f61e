"""What Prometheus reads of detection: how it goes, what it said, what operators have open.

Knows names and labels.  Counts are those of the detection process and begin anew with it; while
none is there, they are absent and not zero.  It refuses to know who is looked at.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from detection import Detection, Load
from signaling.errors import Unavailable
from signaling.risk.board import Board
from signaling.store import Store, alerts


class Gauges(Collector):
    """Registers itself; `refresh` before each reading, for the store cannot be read within one."""

    def __init__(
        self,
        registry: CollectorRegistry,
        store: Store,
        board: Board,
        detection: Detection | None,
    ) -> None:
        self._store = store
        self._board = board
        self._detection = detection
        self._open: Mapping[str, int] = {}
        registry.register(self)

    async def refresh(self) -> None:
        """Count what is in the store; while that is away, what was counted last is said."""
        with suppress(Unavailable):
            self._open = await self._store.read(alerts.still_open)

    def collect(self) -> Iterator[Metric]:
        load = None if self._detection is None else self._detection.load
        if load is not None:
            yield from _of(load)
        unknown = Counter(one.score.why for one in self._board.now() if one.score.why)
        yield _labelled(
            GaugeMetricFamily(
                "candor_detection_unknown",
                "People of whom nothing can be said just now, by why.",
                labels=["reason"],
            ),
            unknown,
        )
        yield _labelled(
            GaugeMetricFamily(
                "candor_alerts_open", "Alerts that are not closed.", labels=["severity"]
            ),
            self._open,
        )


def _of(load: Load) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "candor_detection_watched", "People who are looked at.", value=load.participants
    )
    yield GaugeMetricFamily(
        "candor_detection_oldest_look_seconds",
        "How long ago somebody was looked at, of whom that is longest.",
        value=load.oldest_look_s,
    )
    yield GaugeMetricFamily(
        "candor_detection_waiting_frames",
        "Frames that wait to be looked at.",
        value=load.waiting_frames,
    )
    for name, text, label, counts in (
        ("candor_detection_checks", "Conclusions, by what followed.", "state", load.checks),
        ("candor_detection_dropped_frames", "Frames let go of.", "reason", load.dropped),
        ("candor_detection_cpu_seconds", "CPU of looking.", "stage", load.spent_s),
    ):
        yield _labelled(CounterMetricFamily(name, text, labels=[label]), counts)


def _labelled(
    family: GaugeMetricFamily | CounterMetricFamily, values: Mapping[str, float]
) -> Metric:
    for label, value in sorted(values.items()):
        family.add_metric([label], value)
    return family
