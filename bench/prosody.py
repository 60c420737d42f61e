"""Prosody, an XMPP server, with a room whose messages are archived, and a client of it.

Knows how to start one with accounts, and what a client says to come in and to speak.  It refuses
to know what is measured.  Wants Debian's packages `prosody` and `lua-dbi-sqlite3`.
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.chat_line import Line, free_port, open_line

PASSWORD = "only for a benchmark"
HOST, ROOMS = "localhost", "rooms.localhost"
ARCHIVES = {
    # A file for each room that is appended to, and never synced.
    "files": 'storage = { muc_log = "internal" }',
    # SQLite as it comes: a transaction of its own, synced, for each message.
    "sqlite": (
        'storage = { muc_log = "sql" }\nsql = { driver = "SQLite3", database = "archive.sqlite" }'
    ),
}
CONFIGURATION = """
run_as_root = true
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
log = {{ error = "{folder}/prosody.log" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
modules_enabled = {{ "saslauth" }}
modules_disabled = {{ "s2s", "tls", "posix" }}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
{archive}
VirtualHost "{host}"
Component "{rooms}" "muc"
    modules_enabled = {{ "muc_mam" }}
    muc_log_by_default = true
    muc_room_locking = false
"""
STREAM = (
    f"<?xml version='1.0'?><stream:stream to='{HOST}' version='1.0' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams'>"
)
READY_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Prosody:
    """One that runs."""

    port: int
    process_id: int

    async def join(self, name: str) -> "Occupant":
        """An account that is signed in and in the room, and was told so."""
        line = await open_line(self.port)
        await line.ask(STREAM, "</stream:features>")
        secret = base64.b64encode(f"\0{name}\0{PASSWORD}".encode()).decode()
        sasl = "urn:ietf:params:xml:ns:xmpp-sasl"
        await line.ask(f"<auth xmlns='{sasl}' mechanism='PLAIN'>{secret}</auth>", "<success")
        await line.ask(STREAM, "</stream:features>")
        bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
        await line.ask(f"<iq type='set' id='bind'>{bind}</iq>", "</jid>")
        enter = "<x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x>"
        await line.ask(f"<presence to='tea@{ROOMS}/{name}'>{enter}</presence>", "code='110'")
        return Occupant(line, name)


@dataclass(frozen=True, slots=True)
class Occupant:
    """Somebody in the room; the room's own copy of what they said is their acknowledgement."""

    line: Line
    name: str

    async def say(self, number: int, text: str) -> None:
        own = f"id='{self.name}-{number}'"
        said = f"<message type='groupchat' to='tea@{ROOMS}' {own}><body>{text}</body></message>"
        await self.line.ask(said, own)


@asynccontextmanager
async def prosody(folder: Path, archive: str, names: list[str]) -> AsyncIterator[Prosody]:
    """A server of its own in an empty folder, which knows these accounts."""
    port = free_port()
    accounts = folder / "data" / HOST / "accounts"
    accounts.mkdir(parents=True)
    for name in names:
        (accounts / f"{name}.dat").write_text(f'return {{ ["password"] = "{PASSWORD}"; }};\n')
    configuration = folder / "prosody.cfg.lua"
    given = {"folder": folder, "port": port, "host": HOST, "rooms": ROOMS}
    configuration.write_text(CONFIGURATION.format(archive=ARCHIVES[archive], **given))
    child = await asyncio.create_subprocess_exec(
        *("prosody", "--config", str(configuration), "-F"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            await _answers(port)
        yield Prosody(port, child.pid)
    finally:
        child.kill()
        await child.wait()


async def _answers(port: int) -> None:
    while True:
        try:
            line = await open_line(port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            line.close()
            return
