"""Every route against everybody who might call it, driven by the route table itself."""

import re
from dataclasses import dataclass

import pytest

from signaling.http.call import Allow, Route
from signaling.http.server import api_routes
from tests.client import Client
from tests.hostile.conftest import House

WHO = ("anonymous", "holder", "guest", "caller", "operator", "administrator")

# From whom on a route is open; a row for each value of Allow.
OPEN_TO: dict[Allow, tuple[str, ...]] = {
    Allow.ANYONE: WHO,
    Allow.HOLDER: WHO[1:],
    Allow.GUEST: WHO[2:],
    Allow.CALLER: WHO[3:],
    Allow.OPERATOR: WHO[4:],
    Allow.WATCHER: WHO[4:],
    Allow.ADMINISTRATOR: WHO[5:],
}

# What the table must say, so that nobody opens a door by a slip of the hand.
PUBLIC = {
    "POST /api/v1/auth/register",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/guest",
    "POST /api/v1/auth/refresh",
    "GET /api/v1/invitations/{code}",
    "GET /api/v1/openapi.json",
    "GET /api/v1/docs",
    "GET /api/v1/who-am-i",
    "GET /healthz",
    "GET /readyz",
}
OPERATORS_AND_UP = {
    "GET /api/v1/users",
    "POST /api/v1/users/{user}/ban",
    "DELETE /api/v1/users/{user}/ban",
    "PUT /api/v1/chat/rooms/{room}/hold",
    "GET /api/v1/operators/calls",
    "GET /api/v1/operators/load",
    "GET /api/v1/operators/room-titles",
    "GET /api/v1/operators/rooms",
    "GET /api/v1/operators/waiting",
    "GET /api/v1/risk",
    "PUT /api/v1/calls/{call}/risk/{user}/override",
    "DELETE /api/v1/calls/{call}/risk/{user}/override",
    "GET /api/v1/scores/{score}",
    "GET /api/v1/alerts",
    "GET /api/v1/alerts/{alert}",
    "POST /api/v1/alerts/{alert}/acts",
    "POST /api/v1/alerts/{alert}/notes",
    "PUT /api/v1/alerts/{alert}/owner",
    "GET /api/v1/alerts/{alert}/captures",
    "GET /api/v1/alerts/{alert}/case",
    "GET /api/v1/captures/{capture}",
    "GET /api/v1/captures/{capture}/map",
    "GET /api/v1/detection/thresholds",
    "PUT /api/v1/detection/thresholds",
    "POST /api/v1/detection/thresholds/preview",
    "DELETE /api/v1/users/{user}/evidence",
    "GET /metrics",
}
ADMINISTRATORS = {
    "PUT /api/v1/users/{user}/role",
    "PUT /api/v1/users/{user}/membership",
    "GET /api/v1/audit",
    "GET /api/v1/webhooks",
    "POST /api/v1/webhooks",
    "DELETE /api/v1/webhooks/{webhook}",
    "GET /api/v1/webhooks/{webhook}/deliveries",
    "POST /api/v1/webhooks/{webhook}/deliveries/{delivery}/retry",
}


@dataclass(frozen=True, slots=True)
class Cast:
    """One client for each of WHO."""

    clients: dict[str, Client]
    room: str


@pytest.fixture
async def cast(house: House) -> Cast:
    clients = {"anonymous": house.client, "caller": await house.client.register("carla")}
    for name, role in (("olga", "operator"), ("ada", "administrator")):
        clients[role] = await house.with_role(name, role)
    carla = clients["caller"]
    room = (await carla.post("/api/v1/rooms", {"id": "tea"})).body["id"]
    token = (await carla.post(f"/api/v1/rooms/{room}/tokens")).body["token"]
    clients["holder"] = house.client.as_(token)
    code = (await carla.post(f"/api/v1/rooms/{room}/invitations")).body["code"]
    entered = await house.client.post("/api/v1/auth/guest", {"name": "Gus", "invitation": code})
    clients["guest"] = house.client.as_(entered.body["access_token"])
    assert set(clients) == set(WHO)
    return Cast(clients, room)


def _named(route: Route) -> str:
    return f"{route.method} {route.address.path}"


def _paths(route: Route) -> list[str]:
    """The route's address and its older names, filled in."""
    return [re.sub(r"{\w+}", "x", path) for path in (route.address.path, *route.address.also)]


async def test_the_table_opens_no_door_by_a_slip_of_the_hand(house: House) -> None:
    routes = api_routes(house.candor)

    def with_(*allowed: Allow) -> set[str]:
        return {_named(route) for route in routes if route.allow in allowed}

    assert with_(Allow.ANYONE) == PUBLIC
    assert with_(Allow.OPERATOR, Allow.WATCHER) == OPERATORS_AND_UP
    assert with_(Allow.ADMINISTRATOR) == ADMINISTRATORS
    assert set(OPEN_TO) == set(Allow)


def _expected(who: str, allow: Allow) -> tuple[int, str]:
    if who in OPEN_TO[allow]:
        return 400, "invalid"
    return (401, "unauthenticated") if who in ("anonymous", "holder") else (403, "forbidden")


@pytest.mark.parametrize("who", WHO)
async def test_every_route_is_open_to_exactly_those_it_names(
    house: House, cast: Cast, who: str
) -> None:
    """A query that no route knows is refused after the role and before anything is done."""
    wrong = []
    for route in api_routes(house.candor):
        expected = _expected(who, route.allow)
        for path in _paths(route):
            reply = await cast.clients[who].call(route.method, f"{path}?no-such-field=1")
            if (reply.status, reply.code) != expected:
                wrong.append((route.method, path, reply.status, reply.code))

    assert not wrong
    # Nothing was carried out: everybody is still signed in, and nothing was made.
    for name in ("guest", "caller", "operator", "administrator"):
        assert (await cast.clients[name].get("/api/v1/me")).status == 200


async def test_a_wrong_token_is_refused_everywhere(house: House) -> None:
    stranger = house.client.as_("not.a.token")
    for route in api_routes(house.candor):
        for path in _paths(route):
            reply = await stranger.call(route.method, path)
            assert (reply.status, reply.code) == (401, "unauthenticated"), _named(route)
            assert reply.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("who", ["anonymous", "guest", "caller"])
@pytest.mark.parametrize("path", ["/metrics", "/api/v1/users", "/api/v1/audit"])
async def test_what_operators_see_says_nothing_to_others(cast: Cast, who: str, path: str) -> None:
    reply = await cast.clients[who].get(path)

    assert reply.status in (401, 403)
    assert set(reply.body) == {"error"}
    assert set(reply.body["error"]) == {"code", "message", "detail"}


@pytest.mark.parametrize("path", ["/metrics", "/api/v1/users", "/api/v1/audit"])
async def test_asking_for_the_head_only_opens_no_door(cast: Cast, path: str) -> None:
    assert (await cast.clients["anonymous"].call("HEAD", path)).status == 401
    assert (await cast.clients["caller"].call("HEAD", path)).status == 403


async def test_operators_read_metrics_and_users_but_not_the_audit_log(cast: Cast) -> None:
    olga = cast.clients["operator"]

    assert b"candor_" in (await olga.get("/metrics")).body
    assert (await olga.get("/api/v1/users")).body["users"]
    assert (await olga.get("/api/v1/audit")).status == 403
    assert (await cast.clients["administrator"].get("/api/v1/audit")).status == 200


async def test_a_role_that_is_taken_away_is_gone_with_the_next_request(cast: Cast) -> None:
    ada, olga = cast.clients["administrator"], cast.clients["operator"]
    olga_id = (await olga.get("/api/v1/me")).body["id"]

    changed = await ada.call("PUT", f"/api/v1/users/{olga_id}/role", {"role": "caller"})

    assert changed.status == 204
    assert (await olga.get("/api/v1/users")).code == "forbidden"


async def test_nobody_raises_themselves(cast: Cast) -> None:
    for who in ("guest", "caller", "operator"):
        client = cast.clients[who]
        own = (await client.get("/api/v1/me")).body["id"]
        for field, value in (("role", "administrator"), ("membership", "vip")):
            put = await client.call("PUT", f"/api/v1/users/{own}/{field}", {field: value})
            assert put.code == "forbidden"
            patched = await client.call("PATCH", "/api/v1/me", {field: value})
            assert patched.code in ("invalid", "forbidden")
        me = (await client.get("/api/v1/me")).body
        assert (me["role"], me["membership"]) == (who, "basic")


async def test_a_room_token_is_good_for_its_room_and_its_grants_only(
    house: House, cast: Cast
) -> None:
    carla, holder = cast.clients["caller"], cast.clients["holder"]
    await carla.post("/api/v1/rooms", {"id": "milk"})

    assert (await holder.get("/api/v1/rooms/tea/grants")).status == 200
    assert (await holder.get("/api/v1/rooms/milk/grants")).status == 404
    assert (await holder.get("/api/v1/rooms/tea")).status == 401
    assert (await holder.post("/api/v1/rooms/tea/tokens")).status == 401
    assert (await holder.get("/api/v1/me")).status == 401
