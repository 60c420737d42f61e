"""Requests that nobody thought of: made from the route table, and from the description of it."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signaling.auth.names import invisible
from signaling.errors import CODES
from signaling.http.call import BYTES, Route
from signaling.http.openapi import codes_of
from signaling.http.responses import ErrorBody
from signaling.http.server import api_routes
from tests.client import Client, Reply
from tests.hostile.conftest import House
from tests.signaling.test_commands import CLEAN, PATIENCE_S, PROGRAM, candor

CASES = 300
# Of each operation, beside one for every single rule of its description.
LONG_CASES = 200
# However many that become: CI stays short; give it an hour in front of a release.
LONG_SECONDS = int(os.environ.get("CANDOR_FUZZ_SECONDS", "150"))
LONG_GRACE_S = 300

# Who calls, and what exists, is lost by these; they are called by nobody who is signed in.
ENDING = {
    "POST /api/v1/auth/logout",
    "DELETE /api/v1/auth/sessions",
    "DELETE /api/v1/auth/sessions/{session}",
}

# Texts that some layer below may stumble over.
# Beyond every field, and six of them still fit the head of a request: a longer one is answered by
# the parser, in plain text, before we see it.
LONG = "a" * 1200
TEXTS = (
    *(
        "",
        " ",
        "x",
        "tea",
        "4711",
        "\0",
        "\n",
        "a\nb",
        "\x1b[2J",
        "\u202e",
        "\u200b",
        "é",
        "e\u0301",
    ),
    *("😀", "ﷺ" * 20, "a" * 65, LONG, "%00", "%s%n", "' OR 1=1 --", "<b>", "../.."),
    *(
        "null",
        "-1",
        "9223372036854775808",
        "1e999",
        "NaN",
        "administrator",
        "admin",
        "cookie",
        "bearer",
    ),
)
NUMBERS = (0, 1, -1, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63), 10**30, 0.5, -0.0, 1e308)

texts = st.sampled_from(TEXTS) | st.text(max_size=40)
scalars = st.none() | st.booleans() | st.sampled_from(NUMBERS) | texts
values = scalars | st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request, not yet sent."""

    who: str
    path: dict[str, str]
    query: dict[str, Any]
    body: bytes
    headers: dict[str, str]


def _bodies(route: Route) -> st.SearchStrategy[bytes]:
    """What the route takes with a field or two gone wrong, any JSON, or any bytes."""
    anything = st.binary(max_size=200) | values.map(_encoded)
    if route.body is None or not route.is_json:
        return anything
    fields = msgspec.structs.fields(route.body)
    required = {field.encode_name: _of(field.type) for field in fields if field.required}
    optional = {field.encode_name: _of(field.type) for field in fields if not field.required}
    near = st.fixed_dictionaries(required, optional=optional).map(_encoded)
    return near | near | near | anything


def _of(kind: Any) -> st.SearchStrategy[Any]:
    """Mostly what the type asks for, within its choices if it has some."""
    described = msgspec.json.schema(kind)
    choices = [
        choice
        for part in (described, *described.get("anyOf", ()))
        for choice in part.get("enum", ())
    ]
    if choices:
        return st.sampled_from(choices) | values
    if described.get("type") == "integer":
        return st.integers(1, 100) | st.sampled_from(NUMBERS) | values
    return texts | texts | values


def _encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def _requests(route: Route, ids: dict[str, list[str]]) -> st.SearchStrategy[Wanted]:
    names = re.findall(r"{(\w+)}", route.address.path)
    known = [field.encode_name for field in msgspec.structs.fields(route.query)]
    parts = {name: st.sampled_from(ids[name]) | texts.filter(bool) for name in names}
    keys = (st.sampled_from(known) if known else st.nothing()) | texts.filter(bool)
    named = f"{route.method} {route.address.path}"
    kinds = ["application/json"] * 3 + ["image/png", "text/plain", ""]
    return st.builds(
        Wanted,
        who=st.just("anonymous") if named in ENDING else st.sampled_from(WHO),
        path=st.fixed_dictionaries(parts),
        query=st.just({}) | st.dictionaries(keys, scalars, max_size=2),
        body=_bodies(route) if route.method != "GET" else st.just(b""),
        headers=st.fixed_dictionaries(
            {"Content-Type": st.sampled_from(kinds if route.is_json else route.accepts)},
            optional={
                "Idempotency-Key": st.sampled_from(["k1", "k2", "", "ü", "x" * 200]),
                "Origin": st.sampled_from(["null", "https://evil.example"]),
                "Cookie": st.sampled_from(["candor=x", "candor=", "x"]),
                "Content-Encoding": st.sampled_from(["gzip", "deflate", "identity", "x"]),
                "X-Forwarded-For": st.sampled_from(["1.2.3.4", "x"]),
            },
        ),
    )


WHO = ("anonymous", "guest", "caller", "administrator")


@dataclass(frozen=True, slots=True)
class Cast:
    """Somebody of each kind, and identifiers of what exists; none is their own."""

    clients: dict[str, Client]
    ids: dict[str, list[str]]


@pytest.fixture
async def cast(house: House) -> Cast:
    caller, victim = await house.client.register("carla"), await house.client.register("victor")
    for client, room in ((caller, "tea"), (victim, "milk")):
        assert (await client.post("/api/v1/rooms", {"id": room})).status == 201
    invited = (await caller.post("/api/v1/rooms/tea/invitations", {"uses": 1000})).body
    guest = await house.client.post(
        "/api/v1/auth/guest", {"name": "Gus", "invitation": invited["code"]}
    )
    session = (await victim.get("/api/v1/auth/sessions")).body["sessions"][0]["id"]
    call = (await victim.post("/api/v1/calls/start", {"room": "milk"})).body["id"]
    said = {"room_id": "milk", "text": "mine"}
    message = (await victim.post("/api/v1/chat/messages", said)).body["message"]["id"]
    wish = {"name": "x", "size": 9}
    file = (await victim.post("/api/v1/rooms/milk/files", wish)).body["id"]
    # Of the rest there is none yet, and strangers find none.
    names = {name for route in api_routes(house.candor) for name in _parts(route.address.path)}
    ids = {name: [session] for name in names} | {
        "file": [file],
        "call": [call],
        "message": [message],
        "user": [(await victim.get("/api/v1/me")).body["id"]],
        "session": [session],
        "room": ["tea", "milk"],
        "invitation": [invited["id"]],
        "code": [invited["code"]],
    }
    clients = {
        "anonymous": house.client,
        "guest": house.client.as_(guest.body["access_token"]),
        "caller": caller,
        "administrator": await house.with_role("ada", "administrator"),
    }
    return Cast(clients, ids)


def _parts(path: str) -> list[str]:
    """The names of what varies in a path."""
    return re.findall(r"{(\w+)}", path)


def _filled(path: str, parts: dict[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda found: quote(parts[found[1]], safe=""), path)


async def _sent(cast: Cast, route: Route, wanted: Wanted) -> Reply:
    query = "&".join(
        f"{quote(name, safe='')}={quote(str(value), safe='')}"
        for name, value in wanted.query.items()
    )
    address = _filled(route.address.path, wanted.path) + (f"?{query}" if query else "")
    return await cast.clients[wanted.who].call(
        route.method, address, wanted.body, headers=wanted.headers
    )


def _is_as_described(route: Route, reply: Reply) -> None:
    """A code of the table that this route names, or the answer that it promises."""
    assert reply.status < 500, reply
    if reply.status >= 400:
        error = msgspec.convert(reply.body, ErrorBody).error
        assert set(reply.body["error"]) == {"code", "message", "detail"}
        assert CODES[error.code].status == reply.status
        assert CODES[error.code].message == error.message
        # A part of the path with a slash or a dot in it leads to another address, or to none.
        assert error.code in {*codes_of(route), "method_not_allowed"}, (route.address.path, reply)
        assert not any(map(invisible, error.detail or ""))
    elif route.answer is None:
        assert (reply.status, reply.body) == (route.status, b"")
    else:
        assert reply.status == route.status
        if route.answer not in BYTES:
            msgspec.convert(reply.body, route.answer)


@given(data=st.data())
@settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
async def test_whatever_is_asked_the_answer_is_one_that_is_described(
    house: House, cast: Cast, data: st.DataObject
) -> None:
    route = data.draw(st.sampled_from(api_routes(house.candor)), label="route")
    wanted = data.draw(_requests(route, cast.ids), label="request")

    reply = await _sent(cast, route, wanted)

    if reply.status == 400 and "Content-Encoding" in wanted.headers:
        return  # aiohttp's parser has words of its own for a body that is not what it says
    if reply.code == "media_unavailable":
        return  # no media process was started for this
    _is_as_described(route, reply)


async def test_the_plainest_request_to_every_route_is_answered_as_described(
    house: House, cast: Cast
) -> None:
    """So that no route depends on chance to be called at all."""
    for route in api_routes(house.candor):
        named = f"{route.method} {route.address.path}"
        parts = {name: known[0] for name, known in cast.ids.items()}
        for who in ("anonymous",) if named in ENDING else WHO:
            wanted = Wanted(who, parts, {}, b"{}", {"Content-Type": "application/json"})
            _is_as_described(route, await _sent(cast, route, wanted))


PASSWORD = "only good here 4711"
UNLIMITED = {
    "CANDOR_LIMITS_REQUESTS_PER_MINUTE": "100000000",
    "CANDOR_LIMITS_LOGINS_PER_MINUTE": "100000000",
    "CANDOR_LIMITS_REGISTRATIONS_PER_HOUR": "100000000",
    "CANDOR_AUTH_ACCESS_MINUTES": "60",
    # Generated requests may end the session that they are made with; the count needs none.
    "CANDOR_HTTP_METRICS_NETWORKS": "127.0.0.0/8",
}


SCHEMATHESIS = "from schemathesis.cli import schemathesis; schemathesis()"


@contextmanager
def _serving(data: Path) -> Iterator[str]:
    """Where `candor serve` answers, without limits, until the end of the block."""
    ports = ("--port", "0", "--https-port", "0", "--media-port", "0")
    argv = [*PROGRAM, "serve", "--dev", "--json", "--data", str(data), *ports]
    with (
        open(data.with_suffix(".log"), "wb") as log,
        subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=log, text=True, env=CLEAN | UNLIMITED
        ) as process,
    ):
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["http"]
            assert process.poll() is None, "it ended while it was asked"
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _fetch(address: str, token: str | None = None, body: object = None) -> bytes:
    request = urllib.request.Request(
        address, None if body is None else _encoded(body), {"Content-Type": "application/json"}
    )
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
        return bytes(response.read())


def _answered(metrics: str) -> tuple[int, dict[str, int]]:
    """How many API requests were answered, and those with a 5xx, by their labels."""
    total, broken = 0, {}
    for labels, count in re.findall(
        # A path has braces of its own.
        r"^candor_http_requests_total{(.*/api/.*)} ([\d.e+]+)$",
        metrics,
        re.MULTILINE,
    ):
        total += int(float(count))
        if 'status="5' in labels:
            broken[labels] = int(float(count))
    return total, broken


@pytest.mark.long
def test_thousands_of_requests_made_from_the_description_break_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with _serving(data) as address:
        candor(
            "user",
            "add",
            "ada",
            "--role",
            "administrator",
            "--password",
            PASSWORD,
            "--data",
            str(data),
        )
        login = _fetch(f"{address}/api/v1/auth/login", None, {"name": "ada", "password": PASSWORD})
        token = json.loads(login)["access_token"]
        operations = json.loads(_fetch(f"{address}/api/v1/openapi.json"))["paths"]
        count = sum(map(len, operations.values()))

        done = subprocess.run(
            [
                *(sys.executable, "-c", SCHEMATHESIS, "run"),
                f"{address}/api/v1/openapi.json",
                *("--header", f"Authorization: Bearer {token}"),
                *("--exclude-path", "/api/v1/auth/logout"),
                *("--exclude-path", "/api/v1/auth/sessions/{session}"),
                *("--phases", "coverage,fuzzing", "--mode", "all"),
                *("--max-examples", str(LONG_CASES), "--max-time", str(LONG_SECONDS)),
                *("--checks", "not_a_server_error,response_schema_conformance"),
                *("--workers", "1", "--continue-on-failure", "--seed", "4711", "--no-shrink"),
                *("--suppress-health-check", "all", "--generation-database", "none"),
            ],
            capture_output=True,
            text=True,
            timeout=LONG_SECONDS + LONG_GRACE_S,
            check=False,
            env={**os.environ, "NO_COLOR": "1"},
            cwd=tmp_path,
        )

        total, broken = _answered(_fetch(f"{address}/metrics").decode())

    said = done.stdout[-5000:] + done.stderr[-2000:]
    assert not broken, (broken, said)
    assert done.returncode == 0, said
    # The time may have been over before all cases were asked, but nothing was left out.
    tested = re.search(r"Selected: (\d+)/\d+\s+Tested: (\d+)", done.stdout)
    assert tested is not None, said
    assert tested[1] == tested[2], said
    assert total > count, said
    assert "request.failed" not in data.with_suffix(".log").read_text()
