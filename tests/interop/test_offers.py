"""A stock aiortc client watches a room by the server's offers, while people come and go."""

import asyncio
import math

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)

from sfu import Offer, PublisherCame, PublisherLeft, Sfu, TrackChanged, TrackWish, ViewerWishes
from tests.interop.media import bar_position, publishing
from tests.interop.test_engine import next_event


class Watching:
    """A viewer that answers every offer."""

    def __init__(self, sfu: Sfu, room: str, identity: str) -> None:
        self.sfu, self.room, self.identity = sfu, room, identity
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.session = ""

    async def begin(self) -> Offer:
        offer = await self.sfu.watch(self.room, self.identity)
        self.session = offer.session
        await self.answer(offer)
        return offer

    async def go_on(self) -> Offer:
        offer = await self.sfu.renew(self.session)
        await self.answer(offer)
        return offer

    async def answer(self, offer: Offer) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        assert await self.sfu.accept(self.session, self.connection.localDescription.sdp) == ()

    def track(self, kind: str) -> MediaStreamTrack:
        receiving = [
            one.receiver.track
            for one in self.connection.getTransceivers()
            if one.kind == kind and one.currentDirection == "recvonly"
        ]
        assert len(receiving) == 1
        return receiving[0]


async def moves(track: MediaStreamTrack) -> bool:
    """Pictures arrive, and the bar in them goes on."""
    pictures = [await asyncio.wait_for(track.recv(), 10.0) for _ in range(15)]
    places = [bar_position(picture) for picture in pictures]  # type: ignore[arg-type]
    seen = [place for place in places if not math.isnan(place)]
    return len(seen) > 10 and max(seen) - min(seen) > 40


async def test_a_viewer_is_offered_whoever_comes_in_sections_used_again(sfu: Sfu) -> None:
    viewer = Watching(sfu, "tea", "bob")
    first = await viewer.begin()
    assert first.sources == ()
    async with publishing(sfu, "tea", "ada") as (session, _):
        await next_event(sfu, PublisherCame)
        offer = await viewer.go_on()
        assert {(one.identity, one.kind, one.codec) for one in offer.sources} == {
            ("ada", "audio", "opus"),
            ("ada", "video", "VP8"),
        }
        assert {one.session for one in offer.sources} == {session.id}
        assert await moves(viewer.track("video"))
        sound = await asyncio.wait_for(viewer.track("audio").recv(), 10.0)
        assert sound is not None
    await next_event(sfu, PublisherLeft)
    sections = offer.sdp.count("\nm=")
    async with publishing(sfu, "tea", "eve"):
        await next_event(sfu, PublisherCame)
        offer = await viewer.go_on()
        assert {one.identity for one in offer.sources} == {"eve"}
        assert offer.sdp.count("\nm=") == sections
        assert await moves(viewer.track("video"))
    await viewer.connection.close()


async def test_nobody_hears_themselves(sfu: Sfu) -> None:
    async with publishing(sfu, "tea", "ada"):
        await next_event(sfu, PublisherCame)
        own = await sfu.watch("tea", "ada")
        other = await sfu.watch("tea", "bob")
    assert own.sources == ()
    assert len(other.sources) == 2


async def test_a_viewer_is_told_why_it_gets_what_it_gets(sfu: Sfu) -> None:
    viewer = Watching(sfu, "tea", "bob")
    async with publishing(sfu, "tea", "ada") as (session, _):
        await next_event(sfu, PublisherCame)
        offer = await viewer.begin()
        mid = next(one.mid for one in offer.sources if one.kind == "video")
        assert await moves(viewer.track("video"))
        await sfu.set_wishes(viewer.session, ViewerWishes({mid: TrackWish(paused=True)}))
        assert await told(sfu, mid, "not_wanted")
        await sfu.set_wishes(viewer.session, ViewerWishes())
        assert await told(sfu, mid, "complete")
        await sfu.silence(session.id, ["1", "0"])
        assert await told(sfu, mid, "silenced")
    await viewer.connection.close()


async def told(sfu: Sfu, mid: str, reason: str) -> bool:
    for _ in range(20):
        event = await next_event(sfu, TrackChanged, 10.0)
        assert isinstance(event, TrackChanged)
        if (event.mid, event.reason) == (mid, reason):
            return True
    return False
