"""ICE restarts on a real process: another look for a path, the same keys, media all the time."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bench.load_client import LoadClient
from bench.load_media import BURST_PACKETS, frame_packets
from sfu import BadSdp, NoSuchSession, Session, Sfu
from sfu.fragment import parse_fragment
from tests.builders import binding_request
from tests.interop.test_hostile_datagrams import Flow, credentials
from tests.interop.ways import Stream

FRAGMENT = (
    "a=group:BUNDLE 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"
    "a=ice-ufrag:{0.ufrag}\r\na=ice-pwd:{0.password}\r\n"
)


class Call:
    """A publisher, a viewer and their sessions, with media between them."""

    def __init__(self, sfu: Sfu) -> None:
        self.sfu = sfu
        self.clients = {"publisher": LoadClient(), "viewer": LoadClient()}
        self.sessions: dict[str, Session] = {}
        self.flow: Flow

    async def open(self) -> None:
        publisher, viewer = self.clients.values()
        offer = publisher.description("sendonly")
        self.sessions["publisher"] = await self.sfu.publish("room", "ada", offer)
        await publisher.connect(self.sessions["publisher"].answer)
        offer = viewer.description("recvonly")
        self.sessions["viewer"] = await self.sfu.subscribe("room", "bob", offer)
        await viewer.connect(self.sessions["viewer"].answer)
        self.flow = Flow(self.sfu, publisher, viewer, "")
        await asyncio.sleep(0.1)

    def description(self, who: str, kind: str) -> str:
        """With the client's new credentials, as an offer or as a fragment."""
        client = self.clients[who]
        client.ufrag, client.password = client.ufrag + "new", client.password + "new"
        if kind == "fragment":
            return FRAGMENT.format(client)
        return client.description("sendonly" if who == "publisher" else "recvonly")

    async def restart(self, who: str, kind: str) -> str:
        return await self.sfu.restart(self.sessions[who].id, self.description(who, kind))

    def follow(self, who: str, answer: str) -> None:
        """From now on the client's checks carry the new credentials."""
        client = self.clients[who]
        fragment = parse_fragment(answer)
        client._remote_ufrag, client._remote_password = fragment.ice_ufrag, fragment.ice_password


@pytest.fixture
async def call(sfu: Sfu) -> AsyncIterator[Call]:
    opened = Call(sfu)
    await opened.open()
    yield opened
    for client in opened.clients.values():
        await client.stop()


@pytest.mark.parametrize("kind", ["offer", "fragment"])
@pytest.mark.parametrize("who", ["publisher", "viewer"])
async def test_media_go_on_while_a_client_looks_for_another_path(
    who: str, kind: str, call: Call
) -> None:
    media = asyncio.create_task(call.flow.run())
    await asyncio.sleep(0.2)
    answer = await call.restart(who, kind)
    await asyncio.sleep(0.2)
    call.follow(who, answer)
    call.clients[who].send_check()
    await media
    assert call.flow.loss < 0.01
    assert not await is_answered(call.clients[who], credentials(call.sessions[who].answer))
    assert await is_answered(call.clients[who], credentials(answer))


async def test_a_client_restarts_from_another_address(call: Call) -> None:
    answer = await call.restart("viewer", "offer")
    call.follow("viewer", answer)
    await call.clients["viewer"].move()
    await call.flow.run()
    assert call.flow.loss < 0.01


async def test_a_client_restarts_from_datagrams_to_a_connection(call: Call, sfu: Sfu) -> None:
    viewer = call.clients["viewer"]
    answer = await call.restart("viewer", "fragment")
    (address,) = sfu.media_addresses()
    assert f" {address.host} {address.port} typ host tcptype passive" in answer
    viewer.socket.close()
    viewer.socket = Stream(address.host, address.port)  # type: ignore[assignment]
    call.follow("viewer", answer)
    await viewer._check()
    for frame in range(3):
        sequence = frame * BURST_PACKETS
        for packet in frame_packets(call.clients["publisher"].ssrc, frame, sequence, 0):
            call.clients["publisher"].send_rtp(packet)
    await asyncio.sleep(0.3)
    assert len([data for data in viewer.waiting() if data[0] >> 6 == 2]) >= 3 * BURST_PACKETS


async def test_old_credentials_serve_until_new_ones_nominate(call: Call) -> None:
    client = call.clients["viewer"]
    old = credentials(call.sessions["viewer"].answer)
    first, second = [credentials(await call.restart("viewer", "fragment")) for _ in range(2)]

    assert await is_answered(client, old)
    assert not await is_answered(client, first)
    assert await is_answered(client, second, nominate=False)
    assert await is_answered(client, old)
    assert await is_answered(client, second)
    assert not await is_answered(client, old)
    assert await is_answered(client, second)


async def is_answered(
    client: LoadClient, pair: tuple[bytes, bytes], *, nominate: bool = True
) -> bool:
    ufrag, password = pair
    for _ in client.waiting():
        pass
    client.socket.send(binding_request(ufrag + b":peer", password, nominate=nominate))
    await asyncio.sleep(0.2)
    return any(data[:2] == b"\x01\x01" for data in client.waiting())


async def test_what_is_no_restart_is_refused_and_changes_nothing(call: Call) -> None:
    client = call.clients["publisher"]
    offer = call.description("publisher", "offer")
    fingerprint = next(line for line in offer.split("\r\n") if line.startswith("a=fingerprint"))
    refused = {
        "another certificate": offer.replace(
            fingerprint, "a=fingerprint:sha-256 " + ":".join(["AB"] * 32)
        ),
        "another direction": client.description("recvonly"),
        "another mid": client.description("sendonly", mid="1"),
        "no credentials": "a=end-of-candidates\r\n",
        "nothing": "",
        "garbage": "v=0\r\nm=video\r\n",
    }
    for description in refused.values():
        with pytest.raises(BadSdp):
            await call.sfu.restart(call.sessions["publisher"].id, description)
    assert await is_answered(client, credentials(call.sessions["publisher"].answer))
    await call.flow.run()
    assert call.flow.loss < 0.01


async def test_a_session_that_is_not_there_is_not_restarted(sfu: Sfu) -> None:
    with pytest.raises(NoSuchSession):
        await sfu.restart("nothing", "a=end-of-candidates\r\n")


async def test_a_viewer_to_whom_we_offer_is_offered_new_credentials(call: Call) -> None:
    viewer = LoadClient()
    offered = await call.sfu.watch("room", "eve")
    await call.sfu.accept(offered.session, viewer.description("recvonly", "active"))
    await viewer.connect(offered.sdp)
    again = await call.sfu.renew(offered.session, restart=True)
    old, new = credentials(offered.sdp), credentials(again.sdp)
    assert await is_answered(viewer, old)
    assert await is_answered(viewer, new)
    assert not await is_answered(viewer, old)
    plain = await call.sfu.renew(offered.session)
    assert credentials(plain.sdp) == new
    await viewer.stop()
