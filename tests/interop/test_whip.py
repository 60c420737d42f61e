"""WHIP and WHEP over real HTTP, with stock aiortc clients and a real media process."""

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from bench.load_client import LoadClient
from sfu import Session, Sfu
from sfu.fragment import parse_fragment
from signaling.app import open_candor, utc_now
from signaling.auth.grants import EVERYTHING, Grants
from signaling.auth.tokens import RoomClaims, Signer
from signaling.config import Config
from signaling.http.server import listen
from signaling.media import sfu_config
from tests.client import Client, Reply
from tests.conftest import SECRET
from tests.interop.candor import running
from tests.interop.media import bar_position, frames, loudness, publishing, watching
from tests.interop.test_hostile_datagrams import credentials
from tests.interop.test_restart import is_answered

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

    @property
    def etag(self) -> str:
        assert self.last
        return str(self.last.headers["ETag"])

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
    async with running(config) as house:
        assert house.candor.media.addresses()
        yield ByHttp(house.client)


@pytest.fixture
async def opened(whip: ByHttp) -> AsyncIterator[tuple[LoadClient, Session]]:
    """A bare publisher, connected."""
    client = LoadClient()
    session = await whip.publish("tea", "ada", client.description("sendonly"))
    await client.connect(session.answer)
    yield client, session
    await client.stop()


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
        headers = FRAGMENT | {"If-Match": whip.etag}
        assert (await eve.call("PATCH", session.id, CANDIDATE, headers=headers)).status == 404
        assert (await ada.call("PATCH", session.id, CANDIDATE, headers=headers)).status == 204
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


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/whip/tea", {"Accept-Post": "application/sdp", "Allow": "OPTIONS, POST"}),
        ("/whep/tea", {"Accept-Post": "application/sdp", "Allow": "OPTIONS, POST"}),
        (
            "/whip/tea/session",
            {
                "Accept-Patch": "application/trickle-ice-sdpfrag",
                "Allow": "DELETE, OPTIONS, PATCH",
            },
        ),
    ],
)
async def test_an_address_tells_what_it_takes(
    path: str, expected: dict[str, str], whip: ByHttp
) -> None:
    asked = {"Origin": "https://studio.example", "Access-Control-Request-Method": "POST"}
    for headers in ({}, asked):
        reply = await whip.client.call("OPTIONS", path, headers=headers)
        assert reply.status == 204
        assert expected.items() <= dict(reply.headers).items()


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/whip/tea"), ("PUT", "/whep/tea"), ("GET", "/whip/tea/x"), ("POST", "/whip/tea/x")],
)
async def test_other_methods_are_not_allowed(method: str, path: str, whip: ByHttp) -> None:
    assert (await whip.client.as_(token("ada")).call(method, path)).status == 405


async def test_a_page_of_another_site_may_read_the_answer(whip: ByHttp) -> None:
    ada = whip.client.as_(token("ada"))
    client = LoadClient()
    headers = SDP | {"Origin": "https://studio.example"}
    offer = client.description("sendonly").encode()
    reply = await ada.call("POST", "/whip/tea", offer, headers=headers)
    exposed = reply.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"Location", "ETag", "Accept-Patch", "Link"} <= set(exposed)
    assert reply.headers["Accept-Patch"] == "application/trickle-ice-sdpfrag"
    assert reply.headers["ETag"].startswith('"')
    await client.stop()


RESTART = (
    "a=ice-options:trickle ice2\r\na=group:BUNDLE 0\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"
    "a=ice-ufrag:another\r\na=ice-pwd:another-password-of-24\r\n"
)


@pytest.mark.parametrize(
    ("if_match", "body", "expected"),
    [
        (None, CANDIDATE, (428, "precondition_required")),
        ('"stale"', CANDIDATE, (412, "precondition_failed")),
        ('W/"stale"', CANDIDATE, (412, "precondition_failed")),
        ('"stale"', RESTART.encode(), (412, "precondition_failed")),
        ("*", b"garbage", (400, "bad_sdp")),
        ("*", b"\xff\xfe", (400, "bad_sdp")),
        ("*", b"a=ice-ufrag:another\r\n", (400, "bad_sdp")),
        ("*", CANDIDATE, (204, None)),
        ('"stale", {etag}', CANDIDATE, (204, None)),
        ("{etag}", b"a=ice-ufrag:{0.ufrag}\r\na=ice-pwd:{0.password}\r\n", (204, None)),
        ("*", RESTART.encode(), (200, None)),
        ('"*"', RESTART.encode(), (200, None)),
        ("{etag}", RESTART.encode(), (200, None)),
    ],
)
async def test_a_patch_says_of_which_look_for_a_path_it_speaks(
    if_match: str | None,
    body: bytes,
    expected: tuple[int, str | None],
    whip: ByHttp,
    opened: tuple[LoadClient, Session],
) -> None:
    client, session = opened
    ada = whip.client.as_(token("ada"))
    headers = FRAGMENT if if_match is None else FRAGMENT | {"If-Match": if_match}
    headers = {name: value.replace("{etag}", whip.etag) for name, value in headers.items()}
    if b"{0." in body:
        body = body.decode().format(client).encode()
    reply = await ada.call("PATCH", session.id, body, headers=headers)
    assert (reply.status, reply.code) == expected
    assert ("ETag" in reply.headers) is (reply.status == 200)


async def test_a_fragment_of_another_type_is_refused(
    whip: ByHttp, opened: tuple[LoadClient, Session]
) -> None:
    headers = SDP | {"If-Match": "*"}
    reply = await whip.client.as_(token("ada")).call(
        "PATCH", opened[1].id, CANDIDATE, headers=headers
    )
    assert reply.status == 415


async def test_a_restart_gives_new_credentials_and_a_new_etag(
    whip: ByHttp, opened: tuple[LoadClient, Session]
) -> None:
    client, session = opened
    ada, before = whip.client.as_(token("ada")), whip.etag
    body, headers = RESTART.encode(), FRAGMENT | {"If-Match": "*"}
    reply = await ada.call("PATCH", session.id, body, headers=headers)
    assert reply.headers["Content-Type"] == "application/trickle-ice-sdpfrag"
    text = reply.body.decode()
    assert parse_fragment(text).mid == "0"
    assert "typ host tcptype passive" in text

    assert await is_answered(client, credentials(session.answer))
    assert await is_answered(client, credentials(text))
    assert not await is_answered(client, credentials(session.answer))

    late = await ada.call("PATCH", session.id, CANDIDATE, headers=FRAGMENT | {"If-Match": before})
    now = {"If-Match": reply.headers["ETag"]}
    again = await ada.call("PATCH", session.id, body, headers=FRAGMENT | now)
    assert (late.status, again.status) == (412, 204)


async def test_who_finds_no_room_is_told_when_to_come_again(
    config: Config,
) -> None:
    small = replace(sfu_config(replace(config, media_workers=1)), max_sessions=1)
    small = replace(small, bind_hosts=("127.0.0.1",), advertised_hosts=("127.0.0.1",))
    async with (
        Sfu(small) as sfu,
        open_candor(replace(config, media_workers=1), sfu=sfu) as candor,
        listen(candor, None) as listening,
        Client(listening.http) as client,
    ):
        await candor.media.wait_ready()
        ada, waiting = client.as_(token("ada")), LoadClient()
        offer = waiting.description("sendonly").encode()
        replies = [await ada.call("POST", "/whip/tea", offer, headers=SDP) for _ in range(2)]
        await waiting.stop()
    assert [reply.status for reply in replies] == [201, 503]
    assert int(replies[1].headers["Retry-After"]) > 0


async def test_nobody_is_watched_before_somebody_publishes(whip: ByHttp) -> None:
    with pytest.raises(AssertionError, match="nothing_to_watch"):
        async with watching(whip, "tea", "bob"):  # type: ignore[arg-type]
            await asyncio.sleep(0)
