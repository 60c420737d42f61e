"""What every test may use: a Candor on a real database file, answering on a real socket."""

import asyncio
import gc
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web_app
from argon2 import PasswordHasher
from hypothesis import settings

from signaling.app import Candor, open_candor
from signaling.auth import passwords
from signaling.config import Config, load
from signaling.http.server import listen
from signaling.store import open_store
from tests.client import Client

# A shared machine stands still now and then; that is no failure of what is tested.
settings.register_profile("candor", deadline=None)
settings.load_profile("candor")

SECRET = "a test's secret, as good as 32 random bytes: 9f8b27c61d"


def pytest_collection_finish() -> None:
    """What is loaded by now stays: to look through it for garbage again and again costs time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """aiohttp remembers the last thousand handlers, and with them each Candor that they are of."""
    yield
    web_app._cached_build_middleware.cache_clear()


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 as cheap as it can be; what a password costs is for `test_timing`."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(1, 8, 1))


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with today's schema and nothing in it, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "candor.db"
    asyncio.run(migrated(f"sqlite:///{file}"))
    return file


async def migrated(url: str) -> None:
    """Bring an empty database up to today's schema."""
    async with open_store(url):
        pass


@pytest.fixture
def config(tmp_path: Path, migrated_file: Path) -> Config:
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
    shutil.copy(migrated_file, loaded.data / "candor.db")
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
