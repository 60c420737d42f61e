"""Real media through a real media process: what is decoded at the other end."""

import asyncio
import math

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from sfu import CodecNotSupported, NothingToWatch, Sfu
from tests.interop.media import bar_position, frames, loudness, offer, publishing, watching


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_viewer_decodes_a_picture_that_moves_and_a_tone(sfu: Sfu, codec: str) -> None:
    async with publishing(sfu, "room", "ada", codec), watching(sfu, "room", "bob") as (_, viewer):
        pictures, sounds = await asyncio.gather(
            frames(viewer, "video", 45), frames(viewer, "audio", 50)
        )
    positions = [bar_position(one) for one in pictures]
    assert not any(math.isnan(one) for one in positions)
    assert max(positions) - min(positions) > 100
    assert sum(loudness(one) > 500 for one in sounds) > 25


async def test_several_viewers_of_one_publisher_see_the_same(sfu: Sfu) -> None:
    async with (
        publishing(sfu, "room", "ada"),
        watching(sfu, "room", "bob") as (_, first),
        watching(sfu, "room", "eve", "ada") as (_, second),
    ):
        both = await asyncio.gather(frames(first, "video", 20), frames(second, "video", 20))
    assert all(not math.isnan(bar_position(one)) for one in (*both[0], *both[1]))


async def test_nobody_to_watch_is_said(sfu: Sfu) -> None:
    with pytest.raises(NothingToWatch):
        async with watching(sfu, "empty", "bob"):
            pass


async def test_a_viewer_without_the_codec_hears_so_in_words(sfu: Sfu) -> None:
    async with publishing(sfu, "room", "ada", "H264"):
        offer = (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
            "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtcp-mux\r\n"
            "a=recvonly\r\na=rtpmap:96 VP8/90000\r\na=setup:actpass\r\na=ice-ufrag:abcd\r\n"
            f"a=ice-pwd:{'p' * 24}\r\na=fingerprint:sha-256 {':'.join(['AB'] * 32)}\r\n"
        )
        with pytest.raises(CodecNotSupported, match="video is H264"):
            await sfu.subscribe("room", "bob", offer)


async def test_a_client_plays_the_rest_of_what_it_offered_too_much_room_for(sfu: Sfu) -> None:
    """A second video section is refused in the answer, and nothing else is."""
    async with publishing(sfu, "tea", "ada"):
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        for kind in ("audio", "video", "video"):
            connection.addTransceiver(kind, direction="recvonly")
        await offer(connection, lambda text: sfu.subscribe("tea", "bob", text, None))
        assert len(await frames(connection, "video", 5)) == 5
        await connection.close()
