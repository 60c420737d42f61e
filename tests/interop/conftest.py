"""A real media process, started as signaling starts it, and the `Sfu` that holds it."""

from collections.abc import AsyncIterator
from dataclasses import asdict

import pytest

from sfu import Sfu, SfuConfig
from signaling.supervisor import ChildSpec, Supervisor

LOOPBACK = ("127.0.0.1",)


@pytest.fixture
async def sfu() -> AsyncIterator[Sfu]:
    """One process on a free port of the loopback, ready."""
    config = SfuConfig(bind_hosts=LOOPBACK, advertised_hosts=LOOPBACK)
    async with Sfu(config) as opened:
        children = [ChildSpec(**asdict(spec)) for spec in opened.worker_specs()]
        async with Supervisor(children):
            await opened.wait_ready(10.0)
            yield opened
