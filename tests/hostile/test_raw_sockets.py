"""Clients that are slow, silent or speak broken HTTP, one connection each."""

import asyncio
import gzip
import json
import os
import ssl
import zlib
from contextlib import suppress
from pathlib import Path

import pytest

from signaling.config import Config
from tests.client import Client
from tests.hostile.conftest import House, Logged, open_house, with_http
from tests.hostile.wire import (
    connected,
    drip,
    drip_until_answered,
    first_answer,
    request,
    say,
)
from tests.signaling.test_commands import serving

LOGIN = "/api/v1/auth/login"
JSON = "Content-Type: application/json"
GIB = 1 << 30
# Without a time, so that every process of the tests gives it the same name.
_HALF_A_GZIP = gzip.compress(b"{}" * 1000, mtime=0)[:-10]


async def _others_go_on(house: House) -> None:
    assert (await house.client.get("/healthz")).status == 200


def test_by_default_a_silent_client_is_gone_within_15_seconds(config: Config) -> None:
    assert 0 < config.http.idle_seconds <= 15
    assert 0 < config.http.body_seconds <= 30


@pytest.mark.parametrize(
    ("what", "parts"),
    [
        ("says nothing", []),
        ("says one letter", [b"G"]),
        ("one byte of a header at a time", [b"GET / HTTP/1.1\r\nX: ", *[b"a"] * 200]),
        ("head without an end", [b"GET / HTTP/1.1\r\nHost: candor\r\n"]),
        ("TLS record without an end", [b"\x16\x03\x01"]),
    ],
)
async def test_who_does_not_finish_a_head_is_cut_off(
    config: Config, what: str, parts: list[bytes]
) -> None:
    async with open_house(with_http(config, idle_seconds=1)) as house:
        heard = await drip(house.port, parts, 0.05, patience_s=8)

        assert heard.status in (None, 400, 408), what
        # Time-outs of five seconds and less are not rounded up to whole seconds.
        assert heard.seconds < 5, what
        await _others_go_on(house)


async def test_who_keeps_a_connection_and_says_no_more_is_cut_off(config: Config) -> None:
    async with open_house(with_http(config, idle_seconds=1)) as house:
        heard = await say(house.port, request("GET", "/healthz"), patience_s=8)

        assert heard.status == 200
        assert heard.seconds < 5


async def test_a_body_that_drips_is_given_up_with_words(config: Config) -> None:
    async with open_house(with_http(config, body_seconds=1)) as house:
        head = request("POST", LOGIN, JSON, "Content-Length: 100")
        async with connected(house.port) as (reader, writer):
            writer.write(head + b"{")
            async with asyncio.timeout(5):
                answer = await reader.readuntil(b"\r\n\r\n")
                length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                body = json.loads(await reader.readexactly(length))

        assert answer.startswith(b"HTTP/1.1 408 ")
        assert body["error"]["code"] == "too_slow"
        await _others_go_on(house)


async def test_one_byte_a_moment_does_not_stretch_the_time_for_a_body(config: Config) -> None:
    async with open_house(with_http(config, body_seconds=1)) as house:
        head = request("POST", LOGIN, JSON, "Content-Length: 1000")
        async with asyncio.timeout(5):
            answer = await drip_until_answered(house.port, [head, *[b" "] * 900], 0.1)

        assert answer.startswith(b"HTTP/1.1 408 ")
        await _others_go_on(house)


@pytest.mark.parametrize("path", [LOGIN, "/api/v1/rooms", "/healthz"])
@pytest.mark.parametrize("sent", [0, 50])
async def test_a_body_that_breaks_off_costs_one_quiet_line(
    house: House, logged: Logged, path: str, sent: int
) -> None:
    """Whether somebody waits for it, or nobody reads it because its sender is not signed in."""
    head = request("POST", path, JSON, "Content-Length: 100")
    async with connected(house.port) as (_, writer):
        writer.write(head + b" " * sent)
        await writer.drain()
    # The server has noticed when it has no connection any more.
    await _alone(house)

    assert "Traceback" not in logged.text
    assert [line["level"] for line in logged.lines] in (["debug"], [])
    await _others_go_on(house)


@pytest.mark.parametrize("path", [LOGIN, "/api/v1/rooms", "/healthz"])
@pytest.mark.parametrize("body", [b"{}", b"\x1f\x8b" + b"x" * 40, _HALF_A_GZIP])
async def test_a_body_that_cannot_be_unpacked_costs_one_quiet_line(
    house: House, logged: Logged, path: str, body: bytes
) -> None:
    length = f"Content-Length: {len(body)}"

    heard = await first_answer(
        house.port, request("POST", path, JSON, "Content-Encoding: gzip", length, body=body)
    )
    await _alone(house)

    assert heard.status in (400, 401, 405)
    assert "Traceback" not in logged.text
    assert [line["level"] for line in logged.lines] in (["debug"], [])
    await _others_go_on(house)


async def _alone(house: House) -> None:
    """Until nobody is connected but whoever asks."""
    async with asyncio.timeout(5):
        while True:
            await house.client.get("/healthz")
            if b"candor_http_connections 1.0" in house.candor.metrics.text():
                return


CHUNKED = "Transfer-Encoding: chunked"

BROKEN = {
    "length and chunked": request(
        "POST", LOGIN, JSON, "Content-Length: 4", CHUNKED, body=b"0\r\n\r\n"
    ),
    "two lengths": request(
        "POST", LOGIN, JSON, "Content-Length: 5", "Content-Length: 6", body=b"{}    "
    ),
    "length with a plus": request("POST", LOGIN, JSON, "Content-Length: +5", body=b"{}   "),
    "length below zero": request("POST", LOGIN, JSON, "Content-Length: -1"),
    "length in words": request("POST", LOGIN, JSON, "Content-Length: five", body=b"{}   "),
    "length beyond any number": request("POST", LOGIN, JSON, f"Content-Length: {'9' * 30}"),
    "unknown transfer coding": request(
        "POST", LOGIN, JSON, "Transfer-Encoding: xchunked", body=b"0\r\n\r\n"
    ),
    "chunked twice": request(
        "POST", LOGIN, JSON, "Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"
    ),
    "chunk lines end with LF": request("POST", LOGIN, JSON, CHUNKED, body=b"2\n{}\n0\n\n"),
    "chunk size is no number": request("POST", LOGIN, JSON, CHUNKED, body=b"zz\r\n{}\r\n"),
    "chunk size with a sign": request("POST", LOGIN, JSON, CHUNKED, body=b"-2\r\n{}\r\n"),
    "chunk longer than it says": request(
        "POST", LOGIN, JSON, CHUNKED, body=b"2\r\n{}x\r\n0\r\n\r\n"
    ),
    "129 headers": request("GET", "/healthz", *(f"X-{n}: 1" for n in range(129))),
    "9 kB header": request("GET", "/healthz", f"X: {'a' * 9000}"),
    "9 kB address": request("GET", "/" + "a" * 9000),
    "9 kB header name": request("GET", "/healthz", f"{'X' * 9000}: 1"),
    "space before the colon": request("GET", "/healthz", "X : 1"),
    "header without a name": request("GET", "/healthz", ": 1"),
    "folded header": request("GET", "/healthz", "X: 1", " 2"),
    "NUL in a header": request("GET", "/healthz", "X: a\x00b"),
    "bare CR in a header": request("GET", "/healthz", "X: a\rb"),
    "HTTP/9.9": b"GET / HTTP/9.9\r\nHost: candor\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "not HTTP": b"\x00\x01\x02\x03\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.mark.parametrize("what", BROKEN)
async def test_a_broken_request_is_refused_and_its_connection_closed(
    house: House, what: str
) -> None:
    second = request("GET", "/healthz")

    heard = await say(house.port, BROKEN[what] + second)

    assert heard.status in (400, 408, 411, 413, 414, 431, 501, 505), heard.raw
    # Whatever stood behind it is not carried out: nobody can smuggle a request.
    assert b"HTTP/1.1 200" not in heard.raw, heard.raw
    assert b"Traceback" not in heard.raw
    await _others_go_on(house)


async def test_tls_on_the_plain_port_is_refused_with_one_line(house: House, logged: Logged) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="candor")
    with suppress(ssl.SSLWantReadError):
        tls.do_handshake()

    heard = await say(house.port, outgoing.read())

    assert heard.status == 400
    assert [line["event"] for line in logged.lines] == ["http.malformed"]
    await _others_go_on(house)


async def test_more_connections_than_there_is_room_for_are_told_so(config: Config) -> None:
    async with open_house(with_http(config, connections=3)) as house:
        async with connected(house.port), connected(house.port), connected(house.port):
            heard = await say(house.port, request("GET", "/healthz"))
            assert heard.status == 503
            assert b"Retry-After" in heard.raw
            assert json.loads(heard.body)["error"]["code"] == "busy"
        async with asyncio.timeout(5):
            while (await first_answer(house.port, request("GET", "/healthz"))).status != 200:
                await asyncio.sleep(0.01)


def _gzipped_zeros(size: int) -> bytes:
    """About a thousandth of `size` bytes that swell to it; without the checksum at the end."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    first = pack.compress(block) + pack.flush(zlib.Z_FULL_FLUSH)
    # After a full flush the same block packs to the same bytes, every time.
    again = pack.compress(block) + pack.flush(zlib.Z_FULL_FLUSH)
    return first + again * ((size >> 20) - 1)


def _resident_kb(pid: int, field: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0])


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs /proc")
async def test_a_small_body_that_swells_to_a_gibibyte_is_stopped_as_it_swells(
    tmp_path: Path,
) -> None:
    bomb = _gzipped_zeros(GIB)
    with serving(tmp_path / "data") as served:
        pid, address = served.ready["pid"], served.ready["http"]
        port = int(address.rpartition(":")[2])
        headers = (JSON, "Content-Encoding: gzip", "Connection: close")
        small = request("POST", LOGIN, *headers, "Content-Length: 2", body=b"{}")
        await say(port, small)
        before = _resident_kb(pid, "VmHWM")

        chunks = [bomb[at : at + 65536] for at in range(0, len(bomb), 65536)]
        framed = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks]
        sent = [request("POST", LOGIN, *headers, CHUNKED), *framed, b"0\r\n\r\n"]
        heard = await drip(port, sent, 0.0, patience_s=30)

        assert heard.status == 413, heard.raw
        assert json.loads(heard.body)["error"]["code"] == "too_large"
        assert _resident_kb(pid, "VmHWM") - before < 50 * 1024
        async with Client(address) as client:
            assert (await client.get("/healthz")).status == 200
