"""HOSTILE W13: ten thousand sockets opened at once, against a Candor in a process of its own."""

import resource
from pathlib import Path

import pytest

from bench.sockets import flood
from signaling.config import Http

AT_ONCE = 10_000
# What each may cost the process; measured: 18, held or refused (docs/BENCHMARKS.md).
KB_EACH = 50


@pytest.mark.long
async def test_ten_thousand_at_once_are_held_or_told_that_it_is_full(tmp_path: Path) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < AT_ONCE + 1000:
        pytest.skip(f"this machine gives a process {most} descriptors")
    # The processes that it starts inherit this.
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    found = await flood(tmp_path / "data", AT_ONCE)
    assert set(found.statuses) == {"101", "503"}
    assert found.statuses["101"] == Http().sockets
    assert sum(found.statuses.values()) == AT_ONCE
    assert found.health_meanwhile == 200
    before, during, after = found.resident_mb
    assert during - before < AT_ONCE * KB_EACH / 1000
    assert after - before < AT_ONCE * KB_EACH / 1000
    assert found.held_after == 0
