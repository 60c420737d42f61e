"""What hostile tests share: Candors with settings of their own, and clients from elsewhere."""

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, redirect_stderr
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest
import structlog

from signaling import logs
from signaling.app import Candor, open_candor
from signaling.config import Config, Log
from signaling.http.server import listen
from tests.client import PASSWORD, Client


@dataclass(frozen=True, slots=True)
class House:
    """A Candor that listens, and somebody at its door."""

    candor: Candor
    address: str
    client: Client

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    async def with_role(self, name: str, role: str) -> Client:
        """A new account of the role, signed in."""
        await self.candor.accounts.create(name, PASSWORD, role)
        reply = await self.client.login(name)
        assert reply.status == 200, reply
        return self.client.as_(reply.body["access_token"])


@asynccontextmanager
async def open_house(config: Config) -> AsyncIterator[House]:
    """A Candor of this configuration on a free port."""
    async with (
        open_candor(config) as candor,
        listen(candor, None) as listening,
        Client(listening.http) as client,
    ):
        yield House(candor, listening.http, client)


@asynccontextmanager
async def client_at(house: House, address: str) -> AsyncIterator[Client]:
    """Somebody who comes from another loopback address."""
    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
    async with session:
        yield Client(house.address, http=session)


def with_http(config: Config, **http: Any) -> Config:
    """The same configuration with other HTTP settings."""
    return replace(config, http=replace(config.http, **http))


@dataclass(frozen=True, slots=True)
class Logged:
    """What was logged, as it would stand on standard error."""

    out: io.StringIO

    @property
    def text(self) -> str:
        return self.out.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@contextmanager
def logging_as(settings: Log) -> Iterator[Logged]:
    """Structured logs as a server with these settings writes them, kept instead of shown."""
    kept = Logged(io.StringIO())
    root, http = logging.getLogger(), logging.getLogger("candor.http")
    before = root.handlers, root.level, http.level
    with redirect_stderr(kept.out):
        logs.configure(settings)
        # A cached logger would outlive the test, and with it the place that it writes to.
        structlog.configure(**structlog.get_config() | {"cache_logger_on_first_use": False})
    try:
        yield kept
    finally:
        structlog.reset_defaults()
        root.handlers = before[0]
        root.setLevel(before[1])
        http.setLevel(before[2])


@pytest.fixture
def logged() -> Iterator[Logged]:
    """Everything down to the level `debug`, one JSON object a line."""
    with logging_as(Log(level="debug", format="json")) as kept:
        yield kept


@pytest.fixture
async def house(config: Config) -> AsyncIterator[House]:
    async with open_house(config) as opened:
        yield opened
