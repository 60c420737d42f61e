"""Stock aiortc clients: one publishes a picture that moves, another decodes what it is sent."""

import asyncio
import fractions
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from av import AudioFrame, VideoFrame

from sfu import Session, Sfu

WIDTH, HEIGHT, FRAMES_PER_SECOND = 320, 240, 30
BAR_WIDTH = 40
AUDIO_RATE_HZ, AUDIO_SAMPLES = 48_000, 960
VIDEO_CLOCK_HZ = 90_000


class MovingBar(MediaStreamTrack):
    """A white bar on grey that goes to the right by eight pixels a frame."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._began_s = asyncio.get_running_loop().time()

    async def recv(self) -> VideoFrame:
        due_s = self._began_s + self._count / FRAMES_PER_SECOND
        await asyncio.sleep(max(0.0, due_s - asyncio.get_running_loop().time()))
        picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        left = self._count * 8 % (WIDTH - BAR_WIDTH)
        picture[:, left : left + BAR_WIDTH] = 250
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = self._count * VIDEO_CLOCK_HZ // FRAMES_PER_SECOND
        frame.time_base = fractions.Fraction(1, VIDEO_CLOCK_HZ)
        self._count += 1
        return frame


class Tone(MediaStreamTrack):
    """A sine of 440 Hz."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._began_s = asyncio.get_running_loop().time()

    async def recv(self) -> AudioFrame:
        due_s = self._began_s + self._count / AUDIO_RATE_HZ
        await asyncio.sleep(max(0.0, due_s - asyncio.get_running_loop().time()))
        times = (np.arange(AUDIO_SAMPLES) + self._count) / AUDIO_RATE_HZ
        wave = (np.sin(2 * np.pi * 440 * times) * 8000).astype(np.int16)
        frame = AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = AUDIO_RATE_HZ
        frame.pts = self._count
        frame.time_base = fractions.Fraction(1, AUDIO_RATE_HZ)
        self._count += AUDIO_SAMPLES
        return frame


def bar_position(frame: VideoFrame) -> float:
    """Where the bar is in a decoded picture; NaN where there is none."""
    grey = frame.to_ndarray(format="gray")
    columns = grey.mean(axis=0)
    bright = np.flatnonzero(columns > 180)
    return float(bright.mean()) if len(bright) else float("nan")


def loudness(frame: AudioFrame) -> float:
    return float(np.abs(frame.to_ndarray().astype(np.float64)).mean())


@asynccontextmanager
async def publishing(
    sfu: Sfu, room: str, identity: str, codec: str = "VP8"
) -> AsyncIterator[tuple[Session, RTCPeerConnection]]:
    """Somebody sends the bar and the tone for as long as the block lasts."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTrack(Tone())
    connection.addTrack(MovingBar())
    prefer(connection, codec)
    try:
        session = await offer(connection, lambda text: sfu.publish(room, identity, text))
        yield session, connection
    finally:
        await connection.close()


@asynccontextmanager
async def watching(
    sfu: Sfu, room: str, identity: str, publisher: str | None = None
) -> AsyncIterator[tuple[Session, RTCPeerConnection]]:
    """Somebody watches; the tracks are those of the connection's receivers."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTransceiver("audio", direction="recvonly")
    connection.addTransceiver("video", direction="recvonly")
    try:
        session = await offer(
            connection, lambda text: sfu.subscribe(room, identity, text, publisher)
        )
        yield session, connection
    finally:
        await connection.close()


async def offer(connection: RTCPeerConnection, join) -> Session:  # type: ignore[no-untyped-def]
    await connection.setLocalDescription(await connection.createOffer())
    session: Session = await join(connection.localDescription.sdp)
    await connection.setRemoteDescription(RTCSessionDescription(session.answer, "answer"))
    return session


def prefer(connection: RTCPeerConnection, codec: str) -> None:
    capabilities = RTCRtpSender.getCapabilities("video").codecs
    wanted = [one for one in capabilities if one.mimeType.lower() == f"video/{codec}".lower()]
    repairs = [one for one in capabilities if one.mimeType.lower() == "video/rtx"]
    for transceiver in connection.getTransceivers():
        if transceiver.kind == "video":
            transceiver.setCodecPreferences(wanted + repairs)


async def frames(connection: RTCPeerConnection, kind: str, count: int) -> list:  # type: ignore[type-arg]
    """So many decoded frames of the first track of a kind."""
    track = next(one.track for one in connection.getReceivers() if one.track.kind == kind)
    return [await asyncio.wait_for(track.recv(), 10.0) for _ in range(count)]
