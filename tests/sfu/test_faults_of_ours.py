"""A fault of our own ends one request, one peer or one turn, and is told once."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from sfu import control
from sfu.config import WorkerConfig
from sfu.control import Channel
from sfu.faults import _told_s
from sfu.router import Router
from sfu.transport import TransportState
from sfu.worker import Worker
from tests.sfu.offers import AUDIO, offer


class Kept:
    """The other end of the channel."""

    def __init__(self) -> None:
        self.sent: list[object] = []

    def send(self, message: object) -> None:
        self.sent.append(message)

    async def close(self) -> None:
        return


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    _told_s.clear()
    config = WorkerConfig("sfu-0", "", ("127.0.0.1",), ("127.0.0.1",), 0, 10)
    channel: Channel[control.Command] = Kept()  # type: ignore[assignment]
    async with Worker(config, channel) as opened:
        yield opened


def broken(*args: object, **more: object) -> None:
    raise ZeroDivisionError


def told(text: str) -> list[str]:
    return [json.loads(line)["where"] for line in text.splitlines() if "fault" in line]


async def test_a_request_that_breaks_is_refused_and_the_next_is_served(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Router, "publish", broken)
        for _ in range(3):
            reply = worker.serve(control.Publish(1, "tea", "s1", "ada", offer(AUDIO)))
            assert isinstance(reply, control.Refused)
            assert worker._sessions == {}
    assert told(capfd.readouterr().err) == ["Publish"]
    reply = worker.serve(control.Publish(2, "tea", "s2", "ada", offer(AUDIO)))
    assert isinstance(reply, control.Answered)


async def test_a_packet_that_breaks_ends_its_sender_only(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("s1", "s2"):
        worker.serve(control.Publish(1, "tea", name, name, offer(AUDIO)))
    sender, other = (worker._sessions[name] for name in ("s1", "s2"))
    monkeypatch.setattr(Router, "receive_rtp", broken)
    sender.receive_rtp(b"", 0.0)
    assert sender.transport.state is TransportState.FAILED
    assert list(worker._sessions) == ["s2"]
    assert other.transport.state is TransportState.WAITING


async def test_a_turn_that_breaks_does_not_end_the_process(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    worker.serve(control.Publish(1, "tea", "s1", "ada", offer(AUDIO)))
    monkeypatch.setattr(Router, "poll", broken)
    for _ in range(5):
        worker._look_after(0.0)
        await asyncio.sleep(0)
    assert told(capfd.readouterr().err) == ["poll"]
