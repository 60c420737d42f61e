"""A whole Candor, for software that speaks WHIP and WHEP over HTTP.

Knows how to start it and whom it lets in; it refuses to know what is sent.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from sfu import Sfu
from signaling.app import open_candor
from signaling.config import Config
from signaling.http.server import listen
from signaling.media import sfu_config
from tests.client import Client

LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"


@asynccontextmanager
async def real_candor(config: Config, media_host: str = LOOPBACK) -> AsyncIterator[Client]:
    """Its client, for as long as the block lasts.

    On the loopback it names that one address: some encoders try the first candidate only.
    """
    told = (LOOPBACK,) if media_host == LOOPBACK else ()
    used = replace(config, host=media_host, advertise_ip=told, media_workers=1)
    async with (
        Sfu(sfu_config(used)) as sfu,
        open_candor(used, sfu=sfu) as candor,
        listen(candor, None) as listening,
        Client(listening.http) as client,
    ):
        await candor.media.wait_ready()
        yield client
