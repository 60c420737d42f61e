"""What every test may use: a Candor on a real database file, answering on a real socket."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings

from signaling.app import Candor, open_candor
from signaling.config import Config, load
from signaling.http.server import listen
from tests.client import Client

# A shared machine stands still now and then; that is no failure of what is tested.
settings.register_profile("candor", deadline=None)
settings.load_profile("candor")

SECRET = "a test's secret, as good as 32 random bytes: 9f8b27c61d"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Free ports, a folder of its own, limits that only their own tests reach."""
    loaded = load(
        environment={},
        options={
            "port": 0,
            "data": tmp_path / "data",
            "auth.secret": SECRET,
            "limits.requests_per_minute": 100_000,
            "limits.registrations_per_hour": 10_000,
            "limits.logins_per_minute": 1000,
        },
    )
    loaded.data.mkdir()
    return loaded


@pytest.fixture
async def candor(config: Config) -> AsyncIterator[Candor]:
    async with open_candor(config) as opened:
        yield opened


@pytest.fixture
async def client(candor: Candor) -> AsyncIterator[Client]:
    """Somebody who is not signed in."""
    async with listen(candor, None) as listening, Client(listening.http) as opened:
        yield opened


def with_limits(config: Config, **limits: int) -> Config:
    """The same configuration with other limits."""
    return replace(config, limits=replace(config.limits, **limits))
