"""What is seen from outside: health, readiness, metrics, logs."""

import io
import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import structlog

from signaling import logs
from signaling.app import Candor, open_candor
from signaling.child import ChildSpec
from signaling.config import Config, Log
from signaling.http.server import listen
from signaling.identifiers import new_id
from signaling.logs import shorten_addresses
from signaling.restarts import Budget
from signaling.sealing import Seal
from tests.client import PASSWORD, Client


@asynccontextmanager
async def served(config: Config, *children: ChildSpec) -> AsyncIterator[tuple[Candor, Client]]:
    async with (
        open_candor(config, children) as candor,
        listen(candor, None) as listening,
        Client(listening.http) as client,
    ):
        yield candor, client


def by_name(body: dict[str, list[dict[str, object]]]) -> dict[object, dict[str, object]]:
    return {check["name"]: check for check in body["checks"]}


async def test_readiness_names_each_dependency(client: Client) -> None:
    reply = await client.get("/readyz")
    assert reply.status == 200
    assert by_name(reply.body).keys() == {"accepting", "store", "disk"}


async def test_a_draining_server_is_alive_but_not_ready(client: Client, candor: Candor) -> None:
    candor.health.draining = True
    assert (await client.get("/healthz")).status == 200
    reply = await client.get("/readyz")
    assert (reply.status, reply.body["ready"]) == (503, False)
    assert by_name(reply.body)["accepting"]["detail"] == "draining"


async def test_a_child_that_does_not_run_is_named(config: Config) -> None:
    missing = ChildSpec("eyes", ("/no/such/program",))
    async with served(config, missing) as (_, client):
        reply = await client.get("/readyz")
    assert reply.status == 503
    assert by_name(reply.body)["child eyes"]["ok"] is False
    assert Budget().degraded_delay_s > 1  # it is still being tried, and still named


async def test_metrics_are_for_operators_and_count_what_happened(
    client: Client, candor: Candor
) -> None:
    await candor.accounts.create("olga", PASSWORD, "operator")
    olga = client.as_((await client.login("olga")).body["access_token"])
    await client.get("/api/v1/me")

    text = (await olga.get("/metrics")).body.decode()

    assert 'candor_http_requests_total{method="GET",path="/api/v1/me",status="401"} 1.0' in text
    assert "candor_loop_lag_seconds" in text
    assert "candor_store_writes_pending 0.0" in text


async def test_metrics_answer_a_network_that_was_named(config: Config) -> None:
    from ipaddress import ip_network

    watched = replace(config.http, metrics_networks=(ip_network("127.0.0.0/8"),))
    async with served(replace(config, http=watched)) as (_, client):
        assert (await client.get("/metrics")).status == 200


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("127.0.0.1", "127.0.0.1"),
        ("unknown", "unknown"),
    ],
)
def test_a_logged_address_is_cut_to_its_network(address: str, shown: str) -> None:
    assert shorten_addresses(None, "info", {"address": address}) == {"address": shown}


def test_a_line_stays_one_line_whatever_a_client_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    before = logging.getLogger().handlers[:]
    try:
        logs.configure(Log(level="debug", format="json"))
        structlog.get_logger().info("login", name="a\r\nINFO admin login")
        logging.getLogger("some.library").warning("from a library")
    finally:
        structlog.reset_defaults()
        logging.getLogger().handlers = before
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["login", "library"]
    assert lines[0]["name"] == "a\r\nINFO admin login"


def test_what_is_sealed_opens_in_its_context_only() -> None:
    seal = Seal("a secret", "a purpose")
    sealed = seal.close(b"content", "alice")
    assert b"content" not in sealed
    assert seal.open(sealed, "alice") == b"content"
    assert seal.open(sealed, "bob") is None
    assert seal.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "alice") is None
    assert Seal("a secret", "another purpose").open(sealed, "alice") is None
    assert seal.open(b"", "alice") is None


def test_identifiers_are_ordered_by_their_making() -> None:
    from datetime import UTC, datetime, timedelta
    from uuid import UUID

    start = datetime(2026, 11, 21, tzinfo=UTC)
    made = [new_id(start + timedelta(milliseconds=n)) for n in range(1000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {UUID(one).version for one in made} == {7}


async def test_a_cookie_is_strict_and_tells_scripts_nothing(client: Client) -> None:
    reply = await client.post(
        "/api/v1/auth/register", {"name": "alice", "password": PASSWORD, "session": "cookie"}
    )
    cookie = reply.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "access_token" not in reply.body
    assert cookie.partition(";")[0].partition("=")[2] not in json.dumps(reply.body)
    pair = cookie.partition(";")[0]
    assert (await client.get("/api/v1/me", headers={"Cookie": pair})).body["name"] == "alice"


async def test_behind_a_trusted_proxy_the_cookie_is_bound_to_https(config: Config) -> None:
    from ipaddress import ip_network

    behind = replace(config.http, trusted_proxies=(ip_network("127.0.0.0/8"),))
    async with served(replace(config, http=behind)) as (_, client):
        reply = await client.post(
            "/api/v1/auth/register",
            {"name": "alice", "password": PASSWORD, "session": "cookie"},
            headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"},
        )
        cookie = reply.headers["Set-Cookie"]
        assert cookie.startswith("__Host-candor=")
        assert "; Secure" in cookie
        assert "Strict-Transport-Security" in reply.headers
        listed = await client.get(
            "/api/v1/auth/sessions",
            headers={"X-Forwarded-Proto": "https", "Cookie": cookie.partition(";")[0]},
        )
        assert listed.body["sessions"][0]["address"] == "203.0.113.9"
