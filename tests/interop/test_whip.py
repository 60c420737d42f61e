"""WHIP and WHEP over real HTTP, with stock aiortc clients and a real media process."""

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from sfu import Session, Sfu
from signaling.app import open_candor, utc_now
from signaling.auth.grants import EVERYTHING, Grants
from signaling.auth.tokens import RoomClaims, Signer
from signaling.config import Config
from signaling.http.server import listen
from signaling.media import sfu_config
from tests.client import Client, Reply
from tests.conftest import SECRET
from tests.interop.media import bar_position, frames, loudness, publishing, watching

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
CANDIDATE = b"a=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"


def token(identity: str, grants: Grants = EVERYTHING, room: str = "tea") -> str:
    from datetime import timedelta

    claims = RoomClaims(identity, room, identity, identity, grants)
    return Signer(SECRET).room_token(claims, utc_now(), timedelta(minutes=5))


@dataclass
class ByHttp:
    """Looks like an `Sfu` to the clients of `media`, and goes over HTTP."""

    client: Client
    last: Reply | None = None

    async def publish(self, room: str, identity: str, offer: str) -> Session:
        return await self._post(f"/whip/{room}", identity, offer)

    async def subscribe(self, room: str, identity: str, offer: str, of: str | None) -> Session:
        query = "" if of is None else f"?publisher={of}"
        return await self._post(f"/whep/{room}{query}", identity, offer)

    async def _post(self, path: str, identity: str, offer: str) -> Session:
        caller = self.client.as_(token(identity))
        self.last = await caller.call("POST", path, offer.encode(), headers=SDP)
        assert self.last.status == 201, self.last
        assert self.last.headers["Content-Type"] == "application/sdp"
        return Session(self.last.headers["Location"], self.last.body.decode())


@pytest.fixture
async def whip(config: Config) -> AsyncIterator[ByHttp]:
    loopback = replace(config, host="127.0.0.1", media_workers=1)
    async with (
        Sfu(sfu_config(loopback)) as sfu,
        open_candor(loopback, sfu=sfu) as candor,
        listen(candor, None) as listening,
        Client(listening.http) as client,
    ):
        await candor.media.wait_ready()
        assert candor.media.addresses()
        yield ByHttp(client)


async def test_what_is_published_by_whip_is_watched_by_whep(whip: ByHttp) -> None:
    async with publishing(whip, "tea", "ada"), watching(whip, "tea", "bob") as (_, viewer):  # type: ignore[arg-type]
        pictures = await frames(viewer, "video", 20)
        sounds = await frames(viewer, "audio", 30)
    positions = [bar_position(picture) for picture in pictures]
    assert not any(math.isnan(position) for position in positions[3:])
    assert max(positions) - min(positions) > 40
    assert sum(loudness(sound) > 500 for sound in sounds) > 15


async def test_a_session_is_ended_by_its_owner_only(whip: ByHttp) -> None:
    async with publishing(whip, "tea", "ada") as (session, _):  # type: ignore[arg-type]
        ada, eve = whip.client.as_(token("ada")), whip.client.as_(token("eve"))
        assert (await eve.call("DELETE", session.id)).status == 404
        assert (await eve.call("PATCH", session.id, CANDIDATE, headers=FRAGMENT)).status == 404
        assert (await ada.call("PATCH", session.id, CANDIDATE, headers=FRAGMENT)).status == 204
        assert (await ada.call("DELETE", session.id)).status == 200
        assert (await ada.call("DELETE", session.id)).status == 404


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b"v=0", {"Content-Type": "text/plain"}, (415, "unsupported_type")),
        (b"v=0\r\n" * 20_000, SDP, (413, "too_large")),
        (b"", SDP, (400, "bad_sdp")),
        (b"m=video\r\n", SDP, (400, "bad_sdp")),
        (b"\xff\xfe", SDP, (400, "bad_sdp")),
    ],
)
async def test_what_is_no_offer_is_refused(
    body: bytes, headers: dict[str, str], expected: tuple[int, str], whip: ByHttp
) -> None:
    reply = await whip.client.as_(token("ada")).call("POST", "/whip/tea", body, headers=headers)
    assert (reply.status, reply.code) == expected


async def test_only_who_may_gets_in(whip: ByHttp) -> None:
    nobody = await whip.client.call("POST", "/whip/tea", b"v=0", headers=SDP)
    elsewhere = whip.client.as_(token("ada", room="coffee"))
    silent = whip.client.as_(token("ada", Grants(subscribe=True)))
    blind = whip.client.as_(token("ada", Grants(publish=("camera",))))

    assert nobody.status == 401
    assert (await elsewhere.call("POST", "/whip/tea", b"v=0", headers=SDP)).status == 404
    assert (await silent.call("POST", "/whip/tea", b"v=0", headers=SDP)).status == 403
    assert (await blind.call("POST", "/whep/tea", b"v=0", headers=SDP)).status == 403


async def test_a_page_of_another_site_may_ask(whip: ByHttp) -> None:
    asked = {
        "Origin": "https://studio.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    reply = await whip.client.call("OPTIONS", "/whip/tea", headers=asked)
    assert reply.status == 204
    assert reply.headers["Access-Control-Allow-Origin"] == "https://studio.example"
    assert "Authorization" in reply.headers["Access-Control-Allow-Headers"]


async def test_nobody_is_watched_before_somebody_publishes(whip: ByHttp) -> None:
    with pytest.raises(AssertionError, match="nothing_to_watch"):
        async with watching(whip, "tea", "bob"):  # type: ignore[arg-type]
            await asyncio.sleep(0)
