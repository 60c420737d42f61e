"""Who says where they come from, and whose pages may speak for somebody who is signed in."""

import ipaddress

import pytest

from signaling.config import Config
from tests.client import PASSWORD, Client
from tests.conftest import with_limits
from tests.hostile.conftest import House, client_at, open_house, with_http

LOGIN = "/api/v1/auth/login"
LOGOUT = "/api/v1/auth/logout"
SESSIONS = "/api/v1/auth/sessions"
ROOMS = "/api/v1/rooms"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
PROXIES = (ipaddress.ip_network("127.0.0.1/32"), ipaddress.ip_network("10.0.0.0/8"))


async def _address_of(client: Client, headers: dict[str, str]) -> str:
    """Where the newest session of alice comes from, as it was written down."""
    reply = await client.call(
        "POST", LOGIN, {"name": "alice", "password": PASSWORD}, headers=headers
    )
    assert reply.status == 200, reply
    alice = client.as_(reply.body["access_token"])
    listed = (await alice.get(SESSIONS)).body["sessions"]
    return str(next(item["address"] for item in listed if item["this"]))


FORWARDED = {
    "none": ({}, "127.0.0.1"),
    "one hop": ({"X-Forwarded-For": "1.2.3.4"}, "1.2.3.4"),
    "invented before the real one": ({"X-Forwarded-For": "6.6.6.6, 1.2.3.4"}, "1.2.3.4"),
    "through two proxies of ours": ({"X-Forwarded-For": "6.6.6.6, 1.2.3.4, 10.0.0.7"}, "1.2.3.4"),
    "only proxies of ours": ({"X-Forwarded-For": "10.0.0.7"}, "10.0.0.7"),
    "not an address": ({"X-Forwarded-For": "unknown"}, "127.0.0.1"),
    "not an address at the end": ({"X-Forwarded-For": "1.2.3.4, x'; --"}, "127.0.0.1"),
    "empty": ({"X-Forwarded-For": ""}, "127.0.0.1"),
    "IPv6": ({"X-Forwarded-For": "2001:db8::7"}, "2001:db8::7"),
    "another header": ({"Forwarded": "for=1.2.3.4", "X-Real-IP": "1.2.3.4"}, "127.0.0.1"),
}


async def test_a_proxy_of_ours_is_believed_up_to_the_first_foreign_hop(config: Config) -> None:
    async with open_house(with_http(config, trusted_proxies=PROXIES)) as house:
        await house.client.register("alice")
        for what, (headers, address) in FORWARDED.items():
            assert await _address_of(house.client, headers) == address, what


async def test_anybody_else_is_where_their_packets_come_from(house: House) -> None:
    await house.client.register("alice")
    for what, (headers, _) in FORWARDED.items():
        assert await _address_of(house.client, headers) == "127.0.0.1", what


async def test_a_forwarded_address_from_a_stranger_is_not_in_the_audit_log(house: House) -> None:
    ada = await house.with_role("ada", "administrator")
    headers = {"X-Forwarded-For": "1.2.3.4"}
    body = {"name": "alice", "password": PASSWORD}
    await house.client.call("POST", "/api/v1/auth/register", body, headers=headers)

    entries = (await ada.get("/api/v1/audit")).body["entries"]

    made = next(entry for entry in entries if entry["action"] == "account.register")
    assert made["address"] == "127.0.0.1"


async def test_invented_addresses_do_not_stretch_a_limit(config: Config) -> None:
    async with open_house(with_limits(config, requests_per_minute=5)) as house:
        statuses = [
            (
                await house.client.call(
                    "GET", "/healthz", headers={"X-Forwarded-For": f"1.2.3.{n}"}
                )
            ).status
            for n in range(10)
        ]

    assert statuses == [200] * 5 + [429] * 5


async def test_behind_a_proxy_of_ours_each_client_has_its_own_limit(config: Config) -> None:
    limited = with_limits(config, requests_per_minute=2)
    async with open_house(with_http(limited, trusted_proxies=PROXIES)) as house:
        for last in range(5):
            headers = {"X-Forwarded-For": f"1.2.3.{last}"}
            replies = [
                await house.client.call("GET", "/healthz", headers=headers) for _ in range(3)
            ]
            assert [reply.status for reply in replies] == [200, 200, 429]
            assert int(replies[-1].headers["Retry-After"]) >= 1


async def test_a_whole_ipv6_site_is_one_neighbour(config: Config) -> None:
    limited = with_limits(config, requests_per_minute=3)
    async with open_house(with_http(limited, trusted_proxies=PROXIES)) as house:
        statuses = [
            (
                await house.client.call(
                    "GET", "/healthz", headers={"X-Forwarded-For": f"2001:db8:0:1::{n:x}"}
                )
            ).status
            for n in range(1, 7)
        ]

    assert statuses == [200] * 3 + [429] * 3


@pytest.mark.parametrize(
    ("trusted", "proto", "name"),
    [(True, "https", "__Host-candor"), (True, "http", "candor"), (False, "https", "candor")],
)
async def test_the_cookie_is_secure_where_the_way_to_the_client_is(
    config: Config, trusted: bool, proto: str, name: str
) -> None:
    async with open_house(with_http(config, trusted_proxies=PROXIES if trusted else ())) as house:
        reply = await house.client.call(
            "POST",
            "/api/v1/auth/register",
            {"name": "alice", "password": PASSWORD, "session": "cookie"},
            headers={"X-Forwarded-Proto": proto},
        )

    flags = reply.headers["Set-Cookie"].split("; ")
    assert flags[0].startswith(f"{name}=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)
    assert ("Secure" in flags) == (name == "__Host-candor")
    assert not any(flag.startswith("Domain") for flag in flags)


async def test_metrics_are_for_named_networks_and_no_proxied_stranger(config: Config) -> None:
    watched = with_http(config, metrics_networks=LOOPBACK, trusted_proxies=PROXIES)
    async with open_house(watched) as house:
        inside = await house.client.get("/metrics")
        outside = await house.client.call("GET", "/metrics", headers={"X-Forwarded-For": "1.2.3.4"})
        async with client_at(house, "127.0.0.9") as neighbour:
            near = await neighbour.call("GET", "/metrics", headers={"X-Forwarded-For": "1.2.3.4"})

    assert (inside.status, outside.status, near.status) == (200, 401, 200)


async def _cookie(house: House, name: str = "alice") -> str:
    """The session cookie of a new account."""
    body = {"name": name, "password": PASSWORD, "session": "cookie"}
    reply = await house.client.post("/api/v1/auth/register", body)
    assert reply.status == 201, reply
    return str(reply.headers["Set-Cookie"].partition(";")[0])


EVIL = "https://evil.example"
FRIEND = "https://friend.example"

FOREIGN: dict[str, dict[str, str]] = {
    "another site": {"Origin": EVIL},
    "a page without an origin": {"Origin": "null"},
    "our name on another port": {"Origin": "http://127.0.0.1:1"},
    "our name with more behind it": {"Origin": "http://{host}.evil.example"},
    "our address by https": {"Origin": "https://{host}"},
    "our address with a path": {"Origin": "http://{host}/"},
    "our address in capitals": {"Origin": "HTTP://{host}"},
    "empty": {"Origin": ""},
    "two origins": {"Origin": f"http://{{host}} {EVIL}"},
    "an allowed site with more behind it": {"Origin": f"{FRIEND}.evil.example"},
    "an allowed site by http": {"Origin": "http://friend.example"},
    "no origin but cross-site": {"Sec-Fetch-Site": "cross-site"},
    "no origin but same-site": {"Sec-Fetch-Site": "same-site"},
    "no origin and nonsense": {"Sec-Fetch-Site": "trust me"},
    "the browser contradicts": {"Origin": EVIL, "Sec-Fetch-Site": "same-origin"},
}

OURS: dict[str, dict[str, str]] = {
    "our own page": {"Origin": "http://{host}"},
    "our own page in a browser": {"Origin": "http://{host}", "Sec-Fetch-Site": "same-origin"},
    "typed by hand": {"Sec-Fetch-Site": "none"},
    "no browser": {},
    "an allowed site": {"Origin": FRIEND},
}


def _filled(headers: dict[str, str], house: House) -> dict[str, str]:
    host = house.address.removeprefix("http://")
    return {name: value.format(host=host) for name, value in headers.items()}


async def test_another_sites_page_changes_nothing(config: Config) -> None:
    async with open_house(with_http(config, allowed_origins=(FRIEND,))) as house:
        cookie = {"Cookie": await _cookie(house)}
        for what, sent in FOREIGN.items():
            headers = cookie | _filled(sent, house)
            for method, path in (("POST", ROOMS), ("POST", LOGOUT), ("DELETE", SESSIONS)):
                reply = await house.client.call(method, path, {}, headers=headers)
                assert (reply.status, reply.code) == (403, "foreign_origin"), (what, path)
                assert "Access-Control-Allow-Origin" not in reply.headers, what
        rooms = await house.client.call("GET", ROOMS, headers=cookie)

    assert (rooms.status, rooms.body["rooms"]) == (200, [])


async def test_another_sites_page_signs_nobody_in(house: House) -> None:
    body = {"name": "alice", "password": PASSWORD, "session": "cookie"}
    await house.client.register("alice")
    for what, sent in FOREIGN.items():
        reply = await house.client.call("POST", LOGIN, body, headers=_filled(sent, house))

        assert reply.code == "foreign_origin", what
        assert "Set-Cookie" not in reply.headers, what


@pytest.mark.parametrize("what", OURS)
async def test_our_own_pages_and_other_programs_may(config: Config, what: str) -> None:
    async with open_house(with_http(config, allowed_origins=(FRIEND,))) as house:
        headers = {"Cookie": await _cookie(house)} | _filled(OURS[what], house)

        reply = await house.client.call("POST", ROOMS, {"id": "tea"}, headers=headers)

    assert reply.status == 201


async def test_behind_a_proxy_only_the_public_address_is_ours(config: Config) -> None:
    public = with_http(config, public_url="https://talk.example/", trusted_proxies=PROXIES)
    async with open_house(public) as house:
        by_proxy = {"X-Forwarded-Proto": "https", "Host": "inside:8080"}
        reply = await house.client.call(
            "POST", LOGIN, {"name": "a", "password": "b"}, headers=by_proxy | {"Origin": EVIL}
        )
        assert reply.code == "foreign_origin"
        reply = await house.client.call(
            "POST",
            LOGIN,
            {"name": "a", "password": "b"},
            headers=by_proxy | {"Origin": "https://inside:8080"},
        )
        assert reply.code == "foreign_origin"
        reply = await house.client.call(
            "POST",
            LOGIN,
            {"name": "a", "password": "b"},
            headers=by_proxy | {"Origin": "https://talk.example"},
        )
        assert reply.code == "wrong_credentials"


PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type",
}


@pytest.mark.parametrize("path", [LOGIN, ROOMS, "/api/v1/rooms/tea/tokens", "/nowhere", "/"])
async def test_an_allowed_sites_browser_hears_what_it_may_send(config: Config, path: str) -> None:
    async with open_house(with_http(config, allowed_origins=(FRIEND,))) as house:
        reply = await house.client.call("OPTIONS", path, headers=PREFLIGHT | {"Origin": FRIEND})

    assert reply.status == 204
    assert reply.headers["Access-Control-Allow-Origin"] == FRIEND
    assert "POST" in reply.headers["Access-Control-Allow-Methods"]
    allowed = reply.headers["Access-Control-Allow-Headers"].lower()
    assert all(name in allowed for name in ("authorization", "content-type", "idempotency-key"))
    assert "Origin" in reply.headers["Vary"]
    # Cookies never travel to another site's page.
    assert "Access-Control-Allow-Credentials" not in reply.headers


@pytest.mark.parametrize("origin", [EVIL, "null", "*", FRIEND + ".evil.example", ""])
async def test_a_foreign_sites_browser_hears_nothing_that_allows_it(
    config: Config, origin: str
) -> None:
    async with open_house(with_http(config, allowed_origins=(FRIEND,))) as house:
        asked = await house.client.call("OPTIONS", LOGIN, headers=PREFLIGHT | {"Origin": origin})
        read = await house.client.call("GET", "/healthz", headers={"Origin": origin})

    for reply in (asked, read):
        assert not any(name.startswith("Access-Control-Allow") for name in reply.headers)
    assert read.headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_an_allowed_sites_page_may_read_answers_and_errors(config: Config) -> None:
    async with open_house(with_http(config, allowed_origins=(FRIEND,))) as house:
        for path in ("/healthz", "/api/v1/me"):
            reply = await house.client.call("GET", path, headers={"Origin": FRIEND})
            assert reply.headers["Access-Control-Allow-Origin"] == FRIEND
            assert "Retry-After" in reply.headers["Access-Control-Expose-Headers"]
            assert "Origin" in reply.headers["Vary"]
