"""GStreamer's `webrtcbin` publishes to a real Candor and plays from it; decoded media is judged.

Its ICE library gathers no candidate of the loopback, so media listen everywhere here.
"""

import asyncio
import json
import math
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from av import VideoFrame

from signaling.config import Config
from tests.client import Client
from tests.interop.candor import EVERYWHERE, real_candor
from tests.interop.media import frames, loudness, publishing, watching
from tests.interop.test_whip import ByHttp, token

# GStreamer's bindings come as system packages, so they belong to the system's interpreter.
PYTHON = "/usr/bin/python3"
PEER = Path(__file__).with_name("gstreamer_peer.py")
NEEDED = (
    "webrtcbin",
    "nicesrc",
    "dtlsenc",
    "srtpenc",
    "vp8enc",
    "openh264enc",
    "openh264dec",
    "opusenc",
)
PROBE = f"""
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import Gst, GstSdp, GstWebRTC
Gst.init(None)
print(*[one for one in {NEEDED!r} if Gst.ElementFactory.find(one) is None])
"""
READY_WITHIN_S = 20.0

Words = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    """Skips the tests where GStreamer or a part of it is not there."""
    try:
        found = subprocess.run([PYTHON, "-c", PROBE], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip(f"there is no {PYTHON}")
    if found.returncode:
        pytest.skip(f"GStreamer's bindings are missing: {found.stderr.splitlines()[-1]}")
    if found.stdout.strip():
        pytest.skip(f"GStreamer lacks {found.stdout.strip()}")


class Said:
    """What a GStreamer peer says, line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        self._lines = process.stdout

    async def until(self, enough: Callable[[list[Words]], bool]) -> list[Words]:
        words: list[Words] = []
        async with asyncio.timeout(READY_WITHIN_S):
            while not enough(words):
                line = await self._lines.readline()
                assert line, f"GStreamer has ended; it said {words[-5:]}"
                words.append(json.loads(line))
        return words

    async def connected(self) -> None:
        await self.until(lambda words: {"state": "connected"} in words)


@asynccontextmanager
async def gstreamer(role: str, client: Client, path: str, codec: str) -> AsyncIterator[Said]:
    """GStreamer publishes or plays for as long as the block lasts."""
    process = await asyncio.create_subprocess_exec(
        *(PYTHON, PEER, role, client.address + path, token("gstreamer"), codec),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Said(process)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


def ball(frame: VideoFrame) -> float:
    """How far to the right the ball of GStreamer's test picture is; NaN where there is none."""
    bright = np.nonzero(frame.to_ndarray(format="gray") > 180)[1]
    return float(bright.mean()) if len(bright) else math.nan


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_what_gstreamer_publishes_is_decoded_by_a_viewer(codec: str, config: Config) -> None:
    async with (
        real_candor(config, EVERYWHERE) as client,
        gstreamer("publish", client, "/whip/tea", codec) as publisher,
    ):
        await publisher.connected()
        async with watching(ByHttp(client), "tea", "bob") as (_, viewer):  # type: ignore[arg-type]
            pictures, sounds = await asyncio.gather(
                frames(viewer, "video", 45), frames(viewer, "audio", 50)
            )
    assert (pictures[0].width, pictures[0].height) == (320, 240)
    centres = [ball(picture) for picture in pictures]
    assert not any(math.isnan(centre) for centre in centres)
    assert max(centres) - min(centres) > 20
    assert sum(loudness(sound) > 500 for sound in sounds) > 25


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_gstreamer_decodes_what_it_is_sent(codec: str, config: Config) -> None:
    async with (
        real_candor(config, EVERYWHERE) as client,
        publishing(ByHttp(client), "tea", "ada", codec),  # type: ignore[arg-type]
        gstreamer("play", client, "/whep/tea", codec) as player,
    ):
        words = await player.until(
            lambda said: (
                sum("centre" in one for one in said) >= 45
                and sum("loudness" in one for one in said) >= 50
            )
        )
    pictures = [one for one in words if "centre" in one]
    centres = [one["centre"] for one in pictures]
    assert {(one["width"], one["height"]) for one in pictures} == {(320, 240)}
    assert None not in centres
    assert max(centres) - min(centres) > 100
    assert sum(one.get("loudness", 0) > 500 for one in words) > 25
