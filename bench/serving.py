"""A whole Candor as people run it: `candor serve` in a process of its own, with free ports.

Knows how to start it, where it answers, and how it is killed.  It refuses to know what is asked.
"""

import asyncio
import json
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from signaling import addresses
from signaling.auth.grants import MEMBER, Grants
from signaling.auth.tokens import RoomClaims, Signer, new_secret
from signaling.identifiers import new_id

PROGRAM = (sys.executable, "-c", "from signaling.commands import main; main()")
PASSWORD = "only for a benchmark"
READY_WITHIN_S = 60.0
STOP_WITHIN_S = 30.0


@dataclass
class Serving:
    """A Candor that can be killed and started again on the same data and port."""

    data: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    secret: str = field(default_factory=new_secret)
    ready: dict[str, Any] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        return str(self.ready["http"])

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    @property
    def process_id(self) -> int:
        return int(self.ready["pid"])

    def child(self, package: str) -> int:
        """The process of it that runs a package of ours."""
        own = self.process_id
        for child in Path(f"/proc/{own}/task/{own}/children").read_text().split():
            if package.encode() in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0"):
                return int(child)
        raise RuntimeError(f"no process runs {package}")

    def token(self, room: str, identity: str, grants: Grants = MEMBER) -> str:
        now = datetime.now(UTC)
        claims = RoomClaims(new_id(now), room, identity, identity, grants)
        return Signer(self.secret).room_token(claims, now, timedelta(hours=6))

    async def start(self) -> None:
        """Until it says that it is ready; on the ports of before, if there were any."""
        settings = {"PORT": "0", "MEDIA_WORKERS": "1", "LOG_LEVEL": "error", **self.settings}
        if self.ready:
            media_port = str(self.ready["media"][0]).rpartition(":")[2]
            settings |= {"PORT": str(self.port), "HTTPS_PORT": "0", "MEDIA_PORT": media_port}
        self.process = await asyncio.create_subprocess_exec(
            *(*PROGRAM, "serve", "--json", "--data", str(self.data)),
            stdout=asyncio.subprocess.PIPE,
            env=self._environment(settings),
        )
        assert self.process.stdout
        async with asyncio.timeout(READY_WITHIN_S):
            self.ready = json.loads(await self.process.stdout.readline())

    def _environment(self, settings: Mapping[str, str]) -> Mapping[str, str]:
        own = {f"CANDOR_{name}": value for name, value in settings.items()}
        return os.environ | own | {"CANDOR_AUTH_SECRET": self.secret}

    async def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            await asyncio.wait_for(process.wait(), STOP_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[aiohttp.ClientSession]:
        """HTTP as an account that is made for it."""
        async with self._signed_in(addresses.AUTH_REGISTER.path, _new_name()) as http:
            yield http

    @asynccontextmanager
    async def operator(self) -> AsyncIterator[aiohttp.ClientSession]:
        """HTTP as an operator, who is made for it on the command line."""
        name = _new_name()
        made = await asyncio.create_subprocess_exec(
            *(*PROGRAM, "user", "add", name, "--role", "operator", "--password", PASSWORD),
            *("--data", str(self.data)),
            stdout=asyncio.subprocess.DEVNULL,
            env=self._environment(self.settings),
        )
        if await made.wait():
            raise RuntimeError("no operator could be made")
        async with self._signed_in(addresses.AUTH_LOGIN.path, name) as http:
            yield http

    @asynccontextmanager
    async def _signed_in(self, path: str, name: str) -> AsyncIterator[aiohttp.ClientSession]:
        account = {"name": name, "password": PASSWORD}
        async with aiohttp.ClientSession(self.address, raise_for_status=True) as http:
            async with http.post(path, json=account) as answer:
                token = (await answer.json())["access_token"]
            http.headers["Authorization"] = f"Bearer {token}"
            yield http

    async def make_rooms(self, *rooms: str) -> None:
        """By an account that is made for it."""
        async with self.owner() as http:
            for room in rooms:
                await http.post(addresses.API_ROOMS.path, json={"id": room})


def _new_name() -> str:
    return f"bench-{secrets.token_hex(6)}"


@asynccontextmanager
async def serving(data: Path, **settings: str) -> AsyncIterator[Serving]:
    """One that runs; settings are those of the environment without `CANDOR_`."""
    candor = Serving(data, settings)
    await candor.start()
    try:
        yield candor
    finally:
        await candor.end()
