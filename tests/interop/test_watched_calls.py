"""The whole house with detection: headless callers, media, detection and signaling."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from aiortc import MediaStreamTrack

from detection import Detection
from signaling import protocol
from signaling.app import Candor, open_candor
from signaling.auth.grants import OWNER
from signaling.client import Caller, connect
from signaling.config import Config
from signaling.http.server import listen
from signaling.media import Participant
from signaling.risk.consent import VERSION
from signaling.risk.watching import detection_config
from signaling.store import risk_scores
from signaling.store.risk_scores import Wanted
from tests.client import Client
from tests.interop.candor import running
from tests.interop.media import Tone
from tests.interop.test_detection import MODELS, PATIENCE_S, DrawnFace
from tests.interop.test_whip import token
from tests.signaling.test_risk import operator


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
    used = replace(config.detection, models=MODELS, seen_by="everybody")
    async with (
        Detection(detection_config(replace(config, detection=used))) as detection,
        running(replace(config, detection=used), detection=detection) as there,
    ):
        opened = House(there.candor, detection, there.client)
        await opened.until(lambda: detection.ready is not None)
        ada = await there.client.register("ada")
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


def said_of(caller: Caller, identity: str) -> list[str]:
    """What a caller was told about somebody, as reasons for unknown or as states."""
    return [
        one.why or one.state
        for news in caller.told
        if isinstance(news, protocol.RiskNews)
        for one in news.people
        if one.identity == identity
    ]


async def whys_kept(house: House, identity: str) -> list[str]:
    """Reasons for unknown in the history, the oldest first."""
    history = await house.candor.store.read(
        lambda c: risk_scores.page(c, Wanted("", identity), "", 50)
    )
    return [one.why for one in reversed(history)]


async def test_people_see_that_nobody_looks_and_when_somebody_does_again(house: House) -> None:
    async with (
        connect(house.client.address, token("ada", OWNER)) as ada,
        connect(house.client.address, token("bob", OWNER)) as bob,
    ):
        await bob.enter("tea")
        await ada.enter("tea", consent=VERSION)
        await ada.publish(face)
        await house.until(lambda: "too_little" in said_of(bob, "ada"))
        await house.until(lambda: bool(house.detection.load and house.detection.load.checks))
        olga = await operator(house.candor, house.client)
        metrics = (await olga.get("/metrics")).body.decode()
        assert "candor_detection_watched 1.0" in metrics
        assert 'candor_detection_cpu_seconds_total{stage="faces"}' in metrics
        (pid,) = [one.pid for one in house.candor.health.children() if one.name == "detection-0"]
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await house.until(lambda: said_of(bob, "ada")[-1] == "scorer_down")
        await house.until(lambda: said_of(bob, "ada")[-1] == "too_little")
        moderator = Participant("tea", "ada")
        await house.candor.media.silence(moderator, frozenset({"camera"}))
        await house.until(lambda: said_of(bob, "ada")[-1] == "muted")
        async with asyncio.timeout(PATIENCE_S):
            # It is told at once, and kept within a second.
            while "muted" not in (whys := await whys_kept(house, "ada")):
                await asyncio.sleep(0.05)
    assert whys.index("too_little") < whys.index("scorer_down") < whys.index("muted")


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
