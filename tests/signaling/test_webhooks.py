"""Webhooks: signed, sent outside only, tried again, and given up in sight."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from aiohttp import web

from signaling.app import Candor, utc_now
from signaling.http.posting import Poster
from signaling.outside import is_outside
from signaling.store import webhooks as store
from signaling.webhook_rules import TRIES, Undelivered, retry_after, signature
from signaling.webhooks import MOST_QUEUED, Webhooks
from tests.client import PASSWORD, Client
from tests.clock import Clock
from tests.conftest import SECRET
from tests.store.rows import alert, delivery, put

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")

INSIDE = [
    "127.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "fe80::1",
    "fd00::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_not_reached(address: str) -> None:
    assert not is_outside(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_an_address_outside_is(address: str) -> None:
    assert is_outside(ipaddress.ip_address(address))


def test_a_network_that_the_operator_opens_is_reached_however_it_is_written() -> None:
    for address in ("127.0.0.1", "::ffff:127.0.0.1"):
        assert is_outside(ipaddress.ip_address(address), [LOOPBACK])
    assert not is_outside(ipaddress.ip_address("10.0.0.1"), [LOOPBACK])


@dataclass
class Receiver:
    """Another system; what it answers is up to the test."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.paths.append(request.path)
        return web.Response(status=self.status, headers=self.headers)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        app = web.Application()
        app.router.add_post("/{path:.*}", self.take)
        runner = web.AppRunner(app)
        await runner.setup()
        bound = socket.create_server(("127.0.0.1", 0))
        await web.SockSite(runner, bound).start()
        try:
            yield bound.getsockname()[1]
        finally:
            await runner.cleanup()


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "127.1", "[::ffff:127.0.0.1]", "0.0.0.0"],
)
async def test_nothing_is_sent_inside_however_it_is_written(host: str) -> None:
    receiver = Receiver()
    async with receiver.listening() as port:
        with pytest.raises(Undelivered, match=r"leads inside|cannot be reached"):
            await Poster()(f"http://{host}:{port}/hook", b"{}", {})
    assert receiver.paths == []


async def test_what_is_allowed_is_sent_and_a_redirect_is_not_followed() -> None:
    receiver = Receiver()
    async with receiver.listening() as port:
        post, url = Poster([LOOPBACK]), f"http://localhost:{port}/hook"
        await post(url, b"{}", {})
        receiver.status, receiver.headers = 307, {"Location": "/elsewhere"}
        with pytest.raises(Undelivered, match="answered 307"):
            await post(url, b"{}", {})
    assert receiver.paths == ["/hook", "/hook"]
    with pytest.raises(Undelivered, match="cannot be reached"):
        await post(url, b"{}", {})


async def test_a_name_that_leads_elsewhere_by_now_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: what was outside a moment ago is inside now."""

    async def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    with pytest.raises(Undelivered, match="leads inside"):
        await Poster()("http://outside.example/", b"{}", {})


def test_a_signature_is_of_one_time_and_one_body() -> None:
    one = signature("secret", 1, b"{}")
    assert one == signature("secret", 1, b"{}")
    others = {
        signature("secret", 2, b"{}"),
        signature("secret", 1, b"[]"),
        signature("x", 1, b"{}"),
    }
    assert one not in others
    assert len(others) == 3


def test_waiting_grows_and_ends() -> None:
    waits = [retry_after(attempts) for attempts in range(1, TRIES)]
    assert waits == sorted(waits, key=lambda one: one or timedelta.max)
    assert waits[0] == timedelta(seconds=10)
    assert retry_after(TRIES) is None


@dataclass
class Posted:
    """What was posted; `faults` says what becomes of each."""

    faults: list[str] = field(default_factory=list)
    taken: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        self.taken.append((url, body, headers))
        if self.faults:
            raise Undelivered(self.faults.pop(0))


@pytest.fixture
async def admin(candor: Candor, client: Client) -> Client:
    await candor.accounts.create("root", PASSWORD, "administrator")
    return client.as_((await client.login("root")).body["access_token"])


def later() -> Clock:
    """Ahead of the service that runs, to which nothing is due before."""
    return Clock(utc_now() + timedelta(days=1))


async def made(admin: Client) -> tuple[str, str]:
    reply = await admin.post("/api/v1/webhooks", {"url": "https://other.example/hook?a=b"})
    assert reply.status == 201
    return reply.body["id"], reply.body["secret"]


async def test_an_alert_is_told_signed_and_again_until_it_is_taken(
    candor: Candor, admin: Client
) -> None:
    webhook, secret = await made(admin)
    post, clock = Posted(["answered 500", "leads inside"]), later()
    hooks = Webhooks(candor.store, post, SECRET, clock)
    hooks.hear(alert(), "raise")
    for _ in range(2):
        await hooks.look()
    assert len(post.taken) == 1
    for forward_s in (10, 40, 4000):
        clock.forward(forward_s)
        await hooks.look()
    assert len(post.taken) == 3
    (url, body, headers) = post.taken[-1]
    assert url == "https://other.example/hook?a=b"
    told = msgspec.json.decode(body)
    assert (told["event"], told["alert"]["id"]) == ("alert.raise", "a1")
    assert {one[2]["Candor-Delivery"] for one in post.taken} == {headers["Candor-Delivery"]}
    stamp = int(headers["Candor-Timestamp"])
    assert headers["Candor-Signature"] == signature(secret, stamp, body)
    assert abs(stamp - clock().timestamp()) < 4001
    listed = (await admin.get(f"/api/v1/webhooks/{webhook}/deliveries")).body["deliveries"]
    assert [(one["state"], one["attempts"], one["fault"]) for one in listed] == [
        ("delivered", 3, "")
    ]


async def test_what_is_given_up_can_be_seen_and_tried_again(candor: Candor, admin: Client) -> None:
    webhook, _ = await made(admin)
    post, clock = Posted(["answered 500"] * TRIES), later()
    hooks = Webhooks(candor.store, post, SECRET, clock)
    hooks.hear(alert(), "close")
    for _ in range(TRIES + 2):
        await hooks.look()
        clock.forward(timedelta(hours=7))
    assert len(post.taken) == TRIES
    address = f"/api/v1/webhooks/{webhook}/deliveries"
    (dead,) = (await admin.get(f"{address}?state=dead")).body["deliveries"]
    assert (dead["attempts"], dead["fault"]) == (TRIES, "answered 500")
    again = f"{address}/{dead['id']}/retry"
    assert (await admin.post(again)).status == 204
    assert (await admin.post(again)).code == "not_found"
    await hooks.look()
    assert (await admin.get(f"{address}?state=delivered")).body["deliveries"]
    assert (await admin.call("DELETE", f"/api/v1/webhooks/{webhook}")).status == 204
    assert (await admin.get("/api/v1/webhooks")).body["webhooks"] == []


async def test_what_waits_behind_too_much_is_given_up_at_once(
    candor: Candor, admin: Client
) -> None:
    webhook, _ = await made(admin)
    await put(
        candor.store,
        *(
            lambda c, n=number: store.queue(c, delivery(f"d{n}", webhook_id=webhook), 2)
            for number in range(3)
        ),
    )
    found = await candor.store.read(lambda c: store.page(c, webhook, "dead", "", 9))
    assert [(one.id, one.fault) for one in found] == [("d2", "too many wait")]
    assert MOST_QUEUED > 2


@pytest.mark.parametrize(
    "url", ["ftp://x.example/", "https://", "https://a b/", "https://u:p@x.example/", "file:///etc"]
)
async def test_only_plain_urls_are_taken(url: str, admin: Client) -> None:
    assert (await admin.post("/api/v1/webhooks", {"url": url})).code == "invalid"


async def test_webhooks_are_for_administrators(client: Client) -> None:
    ada = await client.register("ada")
    assert (await ada.get("/api/v1/webhooks")).code == "forbidden"
