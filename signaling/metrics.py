"""What Prometheus reads: counted where it happens, gathered here."""

import asyncio
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

LATENCIES_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
LAG_PERIOD_S = 0.5


class Metrics:
    """One registry per process, handed to whoever counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "candor_http_requests",
            "Requests by method, address and status.",
            ("method", "path", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "candor_http_request_seconds",
            "Time from a request's head to its answer.",
            ("method", "path"),
            buckets=LATENCIES_S,
            registry=self.registry,
        )
        self.loop_lag = Gauge(
            "candor_loop_lag_seconds",
            "How late the event loop ran a timer last.",
            registry=self.registry,
        )
        self.connections = Gauge(
            "candor_http_connections", "Connections now.", registry=self.registry
        )
        self.writes_pending = Gauge(
            "candor_store_writes_pending",
            "Writes that wait for their commit.",
            registry=self.registry,
        )
        self.child_up = Gauge(
            "candor_child_up",
            "1 while a child process runs and answers.",
            ("child",),
            registry=self.registry,
        )
        self.child_restarts = Gauge(
            "candor_child_restarts",
            "How often a child process was started again.",
            ("child",),
            registry=self.registry,
        )

    def note_request(self, method: str, path: str, status: int, seconds: float) -> None:
        """`path` is the address in the table, never what the client wrote."""
        self._requests.labels(method, path, str(status)).inc()
        self._seconds.labels(method, path).observe(seconds)

    def text(self) -> bytes:
        """Everything in Prometheus's text format."""
        return generate_latest(self.registry)

    async def watch_loop(self) -> None:
        """Measure the event loop's lag until cancelled."""
        while True:
            started = time.monotonic()
            await asyncio.sleep(LAG_PERIOD_S)
            self.loop_lag.set(max(time.monotonic() - started - LAG_PERIOD_S, 0.0))
