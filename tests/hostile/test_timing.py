"""What the time of an answer tells, and whom a slow answer holds up."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from statistics import median

import pytest

from signaling.auth import passwords
from signaling.config import Config
from tests.conftest import with_limits
from tests.hostile.conftest import House
from tests.hostile.wire import first_answer, request

LOGIN = "/api/v1/auth/login"
REGISTER = "/api/v1/auth/register"
GUESSES = 200
TOLERATED_S = 0.005
TOLERATED_LAG_S = 0.050
TRIES = 4


@pytest.fixture
def cheap_passwords() -> None:
    """Here they cost what they cost."""


@pytest.fixture
def config(config: Config) -> Config:
    return with_limits(config, logins_per_minute=100_000)


async def _medians(house: House, known: list[str], unknown: list[str]) -> tuple[float, float]:
    """Seconds for a wrong password, of each kind of name, asked in turn."""
    times: tuple[list[float], list[float]] = ([], [])
    for pair in zip(known, unknown, strict=True):
        for name, kept in zip(pair, times, strict=True):
            started = time.perf_counter()
            reply = await house.client.post(LOGIN, {"name": name, "password": "wrong password"})
            kept.append(time.perf_counter() - started)
            assert reply.code == "wrong_credentials", reply
    return median(times[0]), median(times[1])


async def test_an_unknown_name_takes_as_long_as_a_known_one(house: House) -> None:
    # Four names of each kind: a hundred failures close an account.
    known = [f"known{n}" for n in range(4)]
    for name in known:
        await house.client.register(name)
    unknown = [f"ghost{n}" for n in range(4)]
    share = GUESSES // 2 // 4

    for _ in range(2):
        first, second = await _medians(house, known * share, unknown * share)
        if abs(first - second) < TOLERATED_S:
            break
    else:
        pytest.fail(f"known {first * 1e3:.1f} ms, unknown {second * 1e3:.1f} ms")
    # Both are a hash: neither answers without one.
    assert min(first, second) > TOLERATED_S


async def test_the_answers_differ_in_nothing_but_the_date(house: House) -> None:
    await house.client.register("known")
    raw = []
    for name in ("known", "ghost"):
        body = json.dumps({"name": name, "password": "wrong password"}).encode()
        kind = ("Content-Type: application/json", f"Content-Length: {len(body)}")
        heard = await first_answer(house.port, request("POST", LOGIN, *kind, body=body))
        lines = heard.raw.split(b"\r\n")
        raw.append([line for line in lines if not line.startswith(b"Date:")])

    assert raw[0] == raw[1]


class Counted:
    """A hasher that counts, and waits for a sign before it does anything."""

    def __init__(self) -> None:
        self.calls = 0
        self.at_once = 0
        self.most_at_once = 0
        self.go_on = threading.Event()
        self._lock = threading.Lock()

    def verify(self, stored: str, password: str) -> bool:
        with self._lock:
            self.calls += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        self.go_on.wait(15)
        with self._lock:
            self.at_once -= 1
        return False

    def hash(self, password: str) -> str:
        self.calls += 1
        return "hashed"


@pytest.fixture
def counted(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    """In the place of Argon2, once the house stands."""
    hasher = Counted()
    monkeypatch.setattr(passwords, "HASHER", hasher)
    yield hasher
    hasher.go_on.set()


@pytest.mark.parametrize("path", [LOGIN, REGISTER])
@pytest.mark.parametrize(
    ("size", "status"), [(1025, 400), (100_000, 400), (1_000_000, 400), (2_000_000, 413)]
)
async def test_a_password_of_a_megabyte_is_refused_before_it_is_hashed(
    house: House, counted: Counted, path: str, size: int, status: int
) -> None:
    body = json.dumps({"name": "alice", "password": "x" * size}).encode()
    kind = ("Content-Type: application/json", f"Content-Length: {len(body)}")

    heard = await first_answer(house.port, request("POST", path, *kind, body=body))

    assert heard.status == status
    assert counted.calls == 0


async def test_a_weak_password_is_refused_before_it_is_hashed(
    house: House, counted: Counted
) -> None:
    for password in ("short", "password", "xxxxxxxxxxxx", "alice-alice", "💩" * 500):
        reply = await house.client.post(REGISTER, {"name": "alice-alice", "password": password})
        assert (reply.status, reply.code) == (400, "weak_password")

    assert counted.calls == 0


async def test_hashes_that_never_end_hold_up_nobody_else(house: House, counted: Counted) -> None:
    """If one were worked out on the event loop, the first would stop the test for good."""
    alice = await house.client.register("alice")
    logins = [asyncio.create_task(house.client.login(f"name{n}")) for n in range(50)]
    try:
        async with asyncio.timeout(10):
            while counted.at_once < house.candor.config.auth.password_hashers:
                await asyncio.sleep(0.001)
            for _ in range(20):
                assert (await house.client.get("/healthz")).status == 200
                assert (await alice.get("/api/v1/me")).status == 200
            assert (await alice.post("/api/v1/rooms", {"id": "tea"})).status == 201
        assert not any(login.done() for login in logins)
    finally:
        counted.go_on.set()
        replies = await asyncio.gather(*logins)

    assert {reply.status for reply in replies} == {401}
    assert counted.calls == 1 + 50
    assert counted.most_at_once <= house.candor.config.auth.password_hashers


async def test_fifty_logins_at_once_leave_the_loop_free(house: House) -> None:
    """The real hash, and the loop's lag beside it; others may keep the machine busy for a while."""
    await house.client.register("alice")
    for _ in range(TRIES):
        lags = await _lags_beside_logins(house)
        if median(lags) < TOLERATED_LAG_S:
            break
    else:
        pytest.fail(f"the loop was late by {median(lags) * 1e3:.0f} ms")


async def _lags_beside_logins(house: House) -> list[float]:
    """How late the loop was, looked at every 2 ms while fifty people signed in."""
    loop = asyncio.get_running_loop()
    lags: list[float] = []

    async def watch() -> None:
        while True:
            due = loop.time() + 0.002
            await asyncio.sleep(0.002)
            lags.append(loop.time() - due)

    watching = asyncio.create_task(watch())
    replies = await asyncio.gather(*(house.client.login("alice") for _ in range(50)))
    watching.cancel()
    assert {reply.status for reply in replies} == {200}
    return lags


async def test_more_logins_than_can_wait_are_told_to_come_again(
    house: House, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "WAITING_LIMIT", 5)
    logins = [asyncio.create_task(house.client.login(f"name{n}")) for n in range(12)]
    async with asyncio.timeout(10):
        while sum(login.done() for login in logins) < 7:
            await asyncio.sleep(0.001)
    counted.go_on.set()
    replies = await asyncio.gather(*logins)

    assert sorted(reply.status for reply in replies) == [401] * 5 + [503] * 7
    assert all(reply.headers["Retry-After"] for reply in replies if reply.status == 503)
