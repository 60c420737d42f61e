"""Pages of `media.html` in real browsers over a real media process, in one network.

Knows the lines of `browsers.mjs`, which drives Chromium and Firefox alike.  It refuses to know
what is published and judged.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DRIVER = Path(__file__).with_name("browsers.mjs")
PATIENCE_S = 40.0
PATHS = {
    "firefox": shutil.which("firefox-esr") or shutil.which("firefox"),
    "chrome": shutil.which("chromium"),
}


class Line:
    """A process that answers each line of JSON by one."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, **request: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline() or '{"error": "it has ended"}')
        assert "error" not in said, said["error"]
        return said["value"]


class Page:
    """One page; `run` calls one of its functions."""

    def __init__(self, line: Line, name: str) -> None:
        self._line = line
        self._name = name

    def run(self, call: str) -> Any:
        return self._line.ask(run=call, page=self._name)

    def encodes(self, codec: str) -> bool:
        return f"video/{codec}".lower() in [one.lower() for one in self.run("encoders()")]

    def until(self, name: str, least: float) -> dict[str, Any]:
        """The numbers of the page once one of them has grown so far."""
        numbers: dict[str, Any] = {}
        for _ in patiently():
            numbers = self.run("numbers()")
            if (numbers.get(name) or 0) >= least:
                return numbers
        raise AssertionError(f"{name} stays at {numbers.get(name)}")

    def room(self, name: str) -> dict[str, Any]:
        """What the server says of a room, in the words of its statistics."""
        taken = self.run("fetch('/statistics').then((reply) => reply.json())")
        (worker,) = taken.values()
        return dict(worker["rooms"][name])

    def picture_moves(self) -> bool:
        """Whether the picture changes; a frozen one stays the same to the bit."""
        first = self.run("picture()")
        for _ in patiently():
            pairs = zip(first, self.run("picture()"), strict=True)
            if sum(abs(one - other) > 10 for one, other in pairs) > 50:
                return True
        return False


class Browsers:
    """Opens pages, each in a room of the server that all of them are served by."""

    def __init__(self, line: Line, address: str) -> None:
        self._line = line
        self._address = address

    @contextmanager
    def page(self, browser: str, room: str) -> Iterator[Page]:
        name = f"{room} {time.monotonic_ns()}"
        address = f"{self._address}?room={room}"
        self._line.ask(open=name, browser=browser, path=PATHS[browser], address=address)
        try:
            yield Page(self._line, name)
        finally:
            self._line.ask(close=name)


def patiently() -> Iterator[None]:
    """Again and again, until it has taken too long."""
    ends_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends_s:
        yield
        time.sleep(0.2)


@contextmanager
def driving(within: Sequence[str] = (), hosts: Sequence[str] = ()) -> Iterator[Browsers]:
    """Browsers and a server in the network of those commands; media are told to be at `hosts`."""
    with (
        process(*within, sys.executable, "-m", "tests.interop.page_server", *hosts) as server,
        process(*within, "node", str(DRIVER)) as driver,
    ):
        assert server.stdout
        yield Browsers(Line(driver), server.stdout.readline().strip())


@contextmanager
def process(*command: str) -> Iterator[subprocess.Popen[str]]:
    """Something that leaves at the end of its input."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as running:
        assert running.stdin
        try:
            yield running
        finally:
            running.stdin.close()
            try:
                running.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                running.kill()
