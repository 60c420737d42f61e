"""A whole Candor with media, in this process.

Knows how to start it; it refuses to know who comes and what is sent.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from detection import Detection
from sfu import Sfu
from signaling.app import Candor, open_candor
from signaling.config import Config
from signaling.http.server import listen
from signaling.media import sfu_config
from tests.client import Client

LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"


@dataclass(frozen=True, slots=True)
class Running:
    """A Candor that listens, and somebody who can ask it."""

    candor: Candor
    sfu: Sfu
    client: Client
    address: str


@asynccontextmanager
async def running(
    config: Config, media_host: str = LOOPBACK, detection: Detection | None = None
) -> AsyncIterator[Running]:
    """For as long as the block lasts, with one media process that is ready.

    On the loopback it names that one address: some encoders try the first candidate only.
    """
    told = (LOOPBACK,) if media_host == LOOPBACK else ()
    used = replace(config, host=media_host, advertise_ip=told, media_workers=1)
    async with (
        Sfu(sfu_config(used, detection.tap_socket if detection else None)) as sfu,
        open_candor(used, sfu=sfu, detection=detection) as candor,
        listen(candor, None) as listening,
        Client(listening.http) as client,
    ):
        await candor.media.wait_ready()
        yield Running(candor, sfu, client, listening.http)


@asynccontextmanager
async def real_candor(config: Config, media_host: str = LOOPBACK) -> AsyncIterator[Client]:
    """Its client, for software that speaks WHIP and WHEP over HTTP."""
    async with running(config, media_host) as house:
        yield house.client
