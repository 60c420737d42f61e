"""Bodies, values, methods and addresses that no client of ours would send."""

import json
from typing import Any

import pytest

from signaling.config import Config
from tests.client import PASSWORD, Client
from tests.hostile.conftest import House, Logged, open_house, with_http
from tests.hostile.wire import first_answer, request

LOGIN = "/api/v1/auth/login"
REGISTER = "/api/v1/auth/register"
JSON = "Content-Type: application/json"
AS_JSON = {"Content-Type": "application/json"}


def _login(name: str = "alice", password: str = PASSWORD) -> bytes:
    return json.dumps({"name": name, "password": password}).encode()


@pytest.mark.parametrize("size", [(1 << 20) + 1, 2 << 20])
async def test_a_body_over_a_mebibyte_is_too_large(house: House, size: int) -> None:
    head = request("POST", LOGIN, JSON, f"Content-Length: {size}")

    heard = await first_answer(house.port, head + b" " * size)

    assert heard.status == 413
    assert json.loads(heard.body)["error"]["code"] == "too_large"


async def test_a_body_that_does_not_say_its_length_is_measured_all_the_same(
    config: Config,
) -> None:
    async with open_house(with_http(config, body_bytes=1000)) as house:
        chunk = b"3e8\r\n" + b" " * 1000 + b"\r\n"
        head = request("POST", LOGIN, JSON, "Transfer-Encoding: chunked")

        heard = await first_answer(house.port, head + chunk * 2 + b"0\r\n\r\n")

    assert heard.status == 413


async def test_a_body_of_exactly_the_limit_is_read(config: Config) -> None:
    async with open_house(with_http(config, body_bytes=1000)) as house:
        body = _login().ljust(1000)

        reply = await house.client.call("POST", LOGIN, body, headers=AS_JSON)

    assert reply.code == "wrong_credentials"


NOT_JSON: dict[str, bytes] = {
    "nothing but brackets": b"[" * 100_000,
    "nothing but braces": b'{"name":' * 100_000,
    "brackets inside a field": b'{"name":' + b"[" * 100_000,
    "brackets inside an unknown field": b'{"nothing":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "half an object": b'{"name": "alice"',
    "two objects": b"{}{}",
    "not UTF-8": b'{"name": "\xff\xfe", "password": "x"}',
    "overlong UTF-8": b'{"name": "\xc0\xaf", "password": "x"}',
    "surrogate in UTF-8": b'{"name": "\xed\xa0\x80", "password": "x"}',
    "UTF-16": '{"name": "alice", "password": "x"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + _login(),
    "lone surrogate": b'{"name": "\\ud800", "password": "x"}',
    "lone low surrogate": b'{"name": "alice", "password": "\\udc00abc"}',
    "NaN": b'{"name": NaN, "password": "x"}',
    "single quotes": b"{'name': 'alice'}",
    "comment": b'{/* */"name": "alice"}',
    "empty": b"",
}


@pytest.mark.parametrize("what", NOT_JSON)
async def test_what_is_no_json_is_refused_in_words(client: Client, what: str) -> None:
    reply = await client.call("POST", LOGIN, NOT_JSON[what], headers=AS_JSON)

    assert reply.status == 400, reply
    assert reply.code in ("bad_json", "invalid")
    assert "\n" not in (reply.body["error"]["detail"] or "")


NOT_ACCEPTED: dict[str, dict[str, Any]] = {
    "NUL in a name": {"name": "ali\0ce", "password": PASSWORD},
    "NUL in a password": {"name": "alice", "password": "pass\0word"},
    "line break in a name": {"name": "a\r\nINFO admin login", "password": PASSWORD},
    "line break at the end of a name": {"name": "alice\n", "password": PASSWORD},
    "escape in a name": {"name": "\x1b[2Jalice", "password": PASSWORD},
    "name is a number": {"name": 2**63, "password": PASSWORD},
    "name is a list": {"name": ["alice"], "password": PASSWORD},
    "name is null": {"name": None, "password": PASSWORD},
    "name of 65 characters": {"name": "a" * 65, "password": PASSWORD},
    "no password": {"name": "alice"},
    "password of 1,025 characters": {"name": "alice", "password": "x" * 1025},
    "unknown field": {"name": "alice", "password": PASSWORD, "role": "administrator"},
    "unknown kind of session": {"name": "alice", "password": PASSWORD, "session": "root"},
    "client id with a space": {"name": "alice", "password": PASSWORD, "client_id": "a b"},
    "client id with a line break at its end": {
        "name": "alice",
        "password": PASSWORD,
        "client_id": "tab\n",
    },
}


@pytest.mark.parametrize("path", [LOGIN, REGISTER])
async def test_a_value_that_is_not_accepted_is_named(client: Client, path: str) -> None:
    for what, body in NOT_ACCEPTED.items():
        reply = await client.post(path, body)

        assert (reply.status, reply.code) == (400, "invalid"), what
        assert reply.body["error"]["detail"], what


HUGE = (2**31, 2**62 + 1, 2**63, 2**64, 10**400, -(2**63), -1, 0.5, 1e308)


@pytest.mark.parametrize("field", ["uses", "hours"])
async def test_a_number_out_of_range_is_refused_before_the_database(
    client: Client, field: str
) -> None:
    alice = await client.register("alice")
    await alice.post("/api/v1/rooms", {"id": "tea"})
    for number in HUGE:
        reply = await alice.post("/api/v1/rooms/tea/invitations", {field: number})

        assert (reply.status, reply.code) == (400, "invalid"), number


QUERIES = (
    "before=0",
    "before=-1",
    "before=4611686018427387905",
    f"before={'9' * 5000}",
    "before=1.5",
    "before=abc",
    "before=%00",
    "before=1&before=2",
    "limit=0",
    "limit=201",
    "limit=9223372036854775808",
    "limit=",
    "limit",
    "nothing=1",
    "%00=1",
    "%ED%A0%80=1&%ED%A0%80=1",
    "%FF=1",
    "limit=%FF",
    "a%0D%0AINFO:%20admin=1&a%0D%0AINFO:%20admin=1",
)


async def test_a_query_that_is_not_accepted_is_refused_in_one_line(house: House) -> None:
    ada = await house.with_role("ada", "administrator")
    for query in QUERIES:
        head = request("GET", f"/api/v1/audit?{query}", f"Authorization: Bearer {ada.token}")

        heard = await first_answer(house.port, head)

        assert heard.status == 400, (query, heard.raw)
        detail = json.loads(heard.body)["error"]["detail"] or ""
        assert detail.isprintable(), query
        assert len(detail) < 400, query


@pytest.mark.parametrize("cursor", ["x%0A", "%00", "'--", "%F0%9F%92%A9", "a" * 129])
async def test_a_cursor_is_what_we_gave_or_refused(house: House, cursor: str) -> None:
    olga = await house.with_role("olga", "operator")
    head = request("GET", f"/api/v1/users?cursor={cursor}", f"Authorization: Bearer {olga.token}")

    heard = await first_answer(house.port, head)

    assert heard.status == 400, heard.raw


async def test_the_largest_numbers_that_are_accepted_reach_the_database(house: House) -> None:
    ada = await house.with_role("ada", "administrator")

    reply = await ada.get(f"/api/v1/audit?before={2**62}&limit=200")

    assert reply.status == 200
    assert reply.body["entries"]


@pytest.mark.parametrize("what", ["room\n", "Room", "-room", "room-", "ro om", "rööm", "r" * 65])
async def test_a_room_is_called_by_an_address_or_not_made(client: Client, what: str) -> None:
    alice = await client.register("alice")

    reply = await alice.post("/api/v1/rooms", {"id": what})

    assert (reply.status, reply.code) == (400, "invalid")
    assert (await alice.get("/api/v1/rooms")).body["rooms"] == []


TEXTS = ("\n", "a\nb", "a\n", "a\rb", "a\0b", "\x7f")


@pytest.mark.parametrize("text", TEXTS)
async def test_a_title_is_one_line(client: Client, text: str) -> None:
    alice = await client.register("alice")

    reply = await alice.post("/api/v1/rooms", {"id": "tea", "title": text})

    assert (reply.status, reply.code) == (400, "invalid")


KINDS = (
    None,
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json-patch+json",
    "text/json",
    ";",
    "application/",
)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_body_of_another_type_is_refused_unread(house: House, kind: str | None) -> None:
    kinds = () if kind is None else (f"Content-Type: {kind}",)
    body = _login()
    head = request("POST", LOGIN, *kinds, f"Content-Length: {len(body)}")

    heard = await first_answer(house.port, head + body)

    assert heard.status == 415, heard.raw
    assert json.loads(heard.body)["error"]["code"] == "unsupported_type"


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"]
)
async def test_json_is_json_however_it_is_spelled(client: Client, kind: str) -> None:
    reply = await client.call("POST", LOGIN, _login(), headers={"Content-Type": kind})

    assert reply.code == "wrong_credentials"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", LOGIN, "POST"),
        ("DELETE", LOGIN, "POST"),
        ("TRACE", LOGIN, "POST"),
        ("OPTIONS", LOGIN, "POST"),
        ("PROPFIND", LOGIN, "POST"),
        ("POST", "/api/v1/me", "GET, HEAD, PATCH"),
        ("POST", "/metrics", "GET, HEAD"),
        ("DELETE", "/api/v1/audit", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(
    client: Client, method: str, path: str, allowed: str
) -> None:
    reply = await client.call(method, path)

    assert (reply.status, reply.code) == (405, "method_not_allowed")
    assert reply.headers["Allow"] == allowed


OUTSIDE = (
    "/static/..%2f..%2fetc/passwd",
    "/static/../../etc/passwd",
    "/static/%2e%2e/%2e%2e/pyproject.toml",
    "/static/..%5c..%5cpyproject.toml",
    "/static/js/%00",
    "/static/css/api.css%00.png",
    "/static//etc/passwd",
    "/static/",
    "/static",
    "/packages/preact/package.json",
    "/packages/../package.json",
    "/.git/config",
    "/data/candor.db",
    "/api/v1/rooms/..%2f..%2fusers",
    "/api/v1/rooms/%00",
    "/api/v1/rooms/a%2fb",
    "/api/v1/rooms/%F0%9F%92%A9",
    "/api/v1/people/" + "a" * 129,
    "/api/v2/me",
    "/API/v1/me",
    "/debug",
    "/debug/pprof",
    "/server-status",
)


async def test_there_is_nothing_outside_the_table(house: House) -> None:
    alice = await house.client.register("alice")
    found = []
    for path in OUTSIDE:
        head = request("GET", path, f"Authorization: Bearer {alice.token}")

        heard = await first_answer(house.port, head)

        if heard.status != 404 or json.loads(heard.body)["error"]["code"] != "not_found":
            found.append((path, heard.raw))
    assert not found


@pytest.mark.parametrize(
    "cookie",
    [
        b"candor=\xff\xfe",
        b"candor=" + "я".encode(),
        b"candor=\xed\xa0\x80",
        b"candor=%00",
        b"candor=",
        b"candor",
        b"=candor",
        b"candor=a; candor=b",
        b'candor="\\777"',
        b"candor=" + b"a" * 8000,
    ],
)
async def test_a_cookie_that_is_none_of_ours_is_nobody(house: House, cookie: bytes) -> None:
    head = b"GET /api/v1/me HTTP/1.1\r\nHost: candor\r\nCookie: " + cookie + b"\r\n\r\n"

    heard = await first_answer(house.port, head)

    assert heard.status == 401, heard.raw


ODD_HEADERS = (
    b"Authorization: Bearer \xff\xfe.\xff.\xff",
    b"Authorization: Bearer",
    b"Authorization: \xff",
    b"Authorization: Basic YWxpY2U6eA==",
    b"User-Agent: \xff\xfe\x9b2J",
    b"X-Forwarded-For: \xff",
    b"Accept: \xff",
    b"Origin: \xff",
    b"Sec-Fetch-Site: \xff",
    b"Idempotency-Key: \xff",
    b"Content-Encoding: \xff",
    b"Content-Type: application/json; charset=\xff",
    b"Expect: 200-ok",
    b"Range: bytes=0-99999999999999999999",
    b"If-None-Match: *",
    b"Upgrade: websocket",
)


@pytest.mark.parametrize("path", [LOGIN, "/healthz", "/", "/static/css/api.css"])
async def test_odd_bytes_in_a_header_are_nobodys_fault_but_theirs(house: House, path: str) -> None:
    body = b"{}" if path == LOGIN else b""
    start = b"%b %b HTTP/1.1\r\nHost: candor\r\n" % (b"POST" if body else b"GET", path.encode())
    wrong = []
    for line in ODD_HEADERS:
        head = start + b"Content-Length: %d\r\n" % len(body)
        if not line.startswith(b"Content-Type"):
            head += b"Content-Type: application/json\r\n"

        heard = await first_answer(house.port, head + line + b"\r\n\r\n" + body)

        if heard.status is None or heard.status >= 500 or b"Traceback" in heard.raw:
            wrong.append((line, heard.raw))
    assert not wrong


BREAKS = ("a\r\nINFO admin login", "a\nb", "\x1b[31mred", "a\u2028b", "a\u0085b")


@pytest.mark.parametrize("text", BREAKS)
async def test_what_a_client_writes_stays_on_its_line_of_the_log(
    house: House, logged: Logged, text: str
) -> None:
    alice = await house.client.register("alice")
    for reply in (
        await house.client.post(LOGIN, {"name": text, "password": text}),
        await house.client.post(REGISTER, {"name": text, "password": PASSWORD}),
        await alice.post("/api/v1/rooms", {"title": text, "id": text}),
        await alice.call("GET", "/api/v1/rooms", headers={"User-Agent": text.encode().hex()}),
    ):
        assert reply.status < 500

    assert logged.text
    for line in logged.text.split("\n"):
        assert line.isprintable()
    assert not any("admin login" in str(line.get("event")) for line in logged.lines)
