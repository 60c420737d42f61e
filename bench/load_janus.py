"""A Janus of our own, driven over its HTTP interface: the VideoRoom, one publisher, many viewers.

The daemon gets a folder with just what this needs, so nothing of an installed configuration
counts.  It is lite as we are, and needs no network but the loopback.
"""

import asyncio
import json
import secrets
import shutil
import socket
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from bench.load_client import LoadClient
from bench.load_description import Section, mirror

ROOM = 1234
PLUGIN = "janus.plugin.videoroom"

_MAIN = """
general: {{
  debug_level = 2
  session_timeout = 0
  plugins_folder = "{plugins}"
  transports_folder = "{transports}"
  events_folder = "{folder}"
  loggers_folder = "{folder}"
  configs_folder = "{folder}"
}}
nat: {{ ice_lite = true }}
media: {{ ipv6 = false }}
plugins: {{ disable = "{other_plugins}" }}
transports: {{ disable = "{other_transports}" }}
"""
_HTTP = """
general: {{
  base_path = "/janus"
  http = true
  ip = "127.0.0.1"
  port = {port}
  https = false
}}
admin: {{ admin_http = false }}
"""
_VIDEO_ROOM = """
general: {{ }}
room-{room}: {{
  publishers = 100
  bitrate = 0
  fir_freq = 10
  videocodec = "vp8"
  audiocodec = "opus"
  transport_wide_cc_ext = true
}}
"""


class Janus:
    """`async with Janus() as janus:`; it must be in the path."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="janus-"))
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._port = probe.getsockname()[1]
        self._process: asyncio.subprocess.Process | None = None
        self._handles: dict[LoadClient, str] = {}
        self._feeds: dict[str, int] = {}

    @property
    def process_id(self) -> int:
        assert self._process
        return self._process.pid

    async def __aenter__(self) -> Self:
        executable = shutil.which("janus")
        if executable is None:
            raise FileNotFoundError("janus is not installed")
        self._configure()
        log = (self._folder / "log").open("wb")
        with log:
            self._process = await asyncio.create_subprocess_exec(
                executable, "-F", str(self._folder), stdout=log, stderr=log
            )
        for _ in range(100):
            try:
                await self._call("", janus="info")
            except OSError:
                await asyncio.sleep(0.1)
                continue
            return self
        raise TimeoutError(f"janus does not answer: {(self._folder / 'log').read_text()[-2000:]}")

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._process
        self._process.terminate()
        await self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def publish(self, client: LoadClient, sections: Sequence[Section], person: str) -> str:
        """Janus's answer."""
        handle = await self._attach(client)
        feed = self._feeds[person] = len(self._feeds) + 1
        joined = {"request": "joinandconfigure", "ptype": "publisher", "room": ROOM, "id": feed}
        kinds = {section.kind for section in sections}
        wanted = {"audio": "audio" in kinds, "video": "video" in kinds}
        offer = {"type": "offer", "sdp": client.describe(sections)}
        event = await self._ask(handle, {**joined, **wanted}, offer)
        return str(event["jsep"]["sdp"])

    async def watch(self, client: LoadClient, people: Sequence[str]) -> str:
        """Janus's offer, which has been answered."""
        handle = await self._attach(client)
        wanted = {"request": "join", "ptype": "subscriber", "room": ROOM}
        streams = [{"feed": self._feeds[person]} for person in people]
        event = await self._when_published(handle, {**wanted, "streams": streams})
        offer = str(event["jsep"]["sdp"])
        answer = {"type": "answer", "sdp": client.describe(mirror(offer), "active")}
        await self._ask(handle, {"request": "start"}, answer)
        return offer

    async def _when_published(self, handle: str, body: Any) -> Any:
        """Ask until the publishers' handshakes are over at Janus's end too."""
        for _ in range(50):
            try:
                return await self._ask(handle, body)
            except RuntimeError:
                await asyncio.sleep(0.1)
        return await self._ask(handle, body)

    async def leave(self, client: LoadClient) -> None:
        session = self._handles.pop(client).split("/")[1]
        await self._call(f"/{session}", janus="destroy")

    def _configure(self) -> None:
        library = next(Path("/usr/lib").glob("*/janus"))
        for name, text in (("janus", _MAIN), (f"{PLUGIN}", _VIDEO_ROOM)):
            filled = text.format(
                plugins=library / "plugins",
                transports=library / "transports",
                folder=self._folder,
                other_plugins=_others(library / "plugins", "libjanus_videoroom.so"),
                other_transports=_others(library / "transports", "libjanus_http.so"),
                room=ROOM,
            )
            (self._folder / f"{name}.jcfg").write_text(filled)
        http = _HTTP.format(port=self._port)
        (self._folder / "janus.transport.http.jcfg").write_text(http)

    async def _attach(self, client: LoadClient) -> str:
        """A session of its own for each client; its path."""
        session = (await self._call("", janus="create"))["data"]["id"]
        attached = await self._call(f"/{session}", janus="attach", plugin=PLUGIN)
        self._handles[client] = f"/{session}/{attached['data']['id']}"
        return self._handles[client]

    async def _ask(self, handle: str, body: Any, jsep: Any = None) -> Any:
        await self._call(handle, janus="message", body=body, **({"jsep": jsep} if jsep else {}))
        session = handle.split("/")[1]
        while True:
            event = await self._call(f"/{session}?maxev=1", None)
            if event.get("janus") == "event":
                if "error" in event["plugindata"]["data"]:
                    raise RuntimeError(event["plugindata"]["data"]["error"])
                return event

    async def _call(self, path: str, method: str | None = "POST", **fields: Any) -> Any:
        data = None
        if method:
            data = json.dumps({"transaction": secrets.token_hex(6), **fields}).encode()
        url = f"http://127.0.0.1:{self._port}/janus{path}"
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
        return await asyncio.to_thread(_fetch, request)


def _others(folder: Path, wanted: str) -> str:
    return ",".join(path.name for path in folder.glob("*.so") if path.name != wanted)


def _fetch(request: urllib.request.Request) -> Any:
    # No proxy of the environment may come between.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=40) as response:
        return json.loads(response.read())
