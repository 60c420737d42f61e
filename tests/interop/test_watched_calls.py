"""The whole house with detection: headless callers, media, detection and signaling."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from aiortc import MediaStreamTrack

from detection import Detection
from sfu import Sfu
from signaling.app import Candor, detection_config, open_candor
from signaling.auth.grants import OWNER
from signaling.client import connect
from signaling.config import Config
from signaling.consent import VERSION
from signaling.http.server import listen
from signaling.media import sfu_config
from tests.client import Client
from tests.interop.media import Tone
from tests.interop.test_detection import MODELS, PATIENCE_S, DrawnFace
from tests.interop.test_whip import token


@dataclass(frozen=True, slots=True)
class House:
    candor: Candor
    detection: Detection
    client: Client

    async def until(self, so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not so():
                await asyncio.sleep(0.05)

    def watched(self) -> set[str]:
        """Whom detection looks at."""
        return {one.identity for one in self.detection.now()}


@pytest.fixture
async def house(config: Config) -> AsyncIterator[House]:
    there = "127.0.0.1"
    used = replace(config, host=there, advertise_ip=(there,), media_workers=1)
    used = replace(used, detection=replace(used.detection, models=MODELS))
    async with (
        Detection(detection_config(used)) as detection,
        Sfu(sfu_config(used, detection.tap_socket)) as sfu,
        open_candor(used, sfu=sfu, detection=detection) as candor,
        listen(candor, None) as listening,
        Client(listening.http) as client,
    ):
        await candor.media.wait_ready()
        opened = House(candor, detection, client)
        await opened.until(lambda: detection.ready is not None)
        ada = await client.register("ada")
        assert (await ada.post("/api/v1/rooms", {"id": "tea"})).status == 201
        yield opened


def face() -> Sequence[MediaStreamTrack]:
    return (Tone(), DrawnFace())


async def test_nobody_is_looked_at_before_they_agree_nor_after_they_took_it_back(
    house: House,
) -> None:
    async with (
        connect(house.client.address, token("ada", OWNER)) as ada,
        connect(house.client.address, token("bob", OWNER)) as bob,
    ):
        assert not (await ada.enter("tea")).detection.consented  # type: ignore[union-attr]
        await ada.publish(face)
        await bob.enter("tea", consent=VERSION)
        await bob.publish(face)
        await house.until(lambda: bool(house.watched()))
        assert house.watched() == {"bob"}
        await ada.consent(VERSION)
        await house.until(lambda: house.watched() == {"ada", "bob"})
        await bob.consent("")
        await house.until(lambda: house.watched() == {"ada"})


async def test_a_signal_without_its_model_is_named_and_candor_is_ready(
    config: Config, tmp_path: Path
) -> None:
    nothing = replace(config.detection, models=tmp_path)
    async with (
        Detection(detection_config(replace(config, detection=nothing))) as detection,
        open_candor(config, detection=detection) as candor,
        listen(candor, None) as listening,
        Client(listening.http) as client,
    ):
        async with asyncio.timeout(PATIENCE_S):
            while detection.ready is None:
                await asyncio.sleep(0.05)
        await candor.health.wait_for_children()
        reply = await client.get("/readyz")
    assert reply.status == 200
    assert "signal faces" in reply.body["degraded"]
    (why,) = (one["detail"] for one in reply.body["checks"] if one["name"] == "signal faces")
    assert why == "model face_detection is missing"
