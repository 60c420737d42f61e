"""The doctor: what could keep Candor from working on this machine, each in a sentence.

It looks and changes nothing: ports are tried and given back, the database is read.
"""

import ctypes
import http.client
import json
import os
import socket
import ssl
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from cryptography import x509

from signaling import addresses, health
from signaling.certificate import own_addresses
from signaling.config import Config, ConfigError
from signaling.errors import Unavailable
from signaling.installation import certificate_file, with_secret
from signaling.store import audit, inspect_store, migrate

CERTIFICATE_WARNING = timedelta(days=14)
CLOCK_TOLERANCE = timedelta(seconds=5)
ANSWERS_WITHIN_S = 2.0
# adjtimex(2): the kernel's clock is not kept right by anybody.
STA_UNSYNC = 0x40


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: pass, warn or fail, and what to do unless all is well."""

    name: str
    outcome: str
    detail: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


async def examine(config: Config) -> list[Finding]:
    """Everything, in the order in which it would be needed."""
    now = datetime.now(UTC)
    return [
        _secret(config),
        *_ports(config),
        _udp(config),
        _certificate(config, now),
        await _database(config, now),
        _disk(config),
        _files(config),
        _clock(),
    ]


def _secret(config: Config) -> Finding:
    try:
        with_secret(config)
    except ConfigError as error:
        return Finding("secret", "fail", str(error))
    return Finding("secret", "pass", "good enough to sign with")


def _ports(config: Config) -> Iterable[Finding]:
    wanted = [("http port", config.http_host, config.port)]
    if certificate_file(config) is not None:
        wanted.append(("https port", config.host, config.https_port))
    for name, host, port in wanted:
        yield _port(name, host, port, socket.SOCK_STREAM)
    yield _port("media (UDP)", config.host, config.media_port, socket.SOCK_DGRAM)
    yield _port("media (TCP)", config.host, config.media_port, socket.SOCK_STREAM)


def _port(name: str, host: str, port: int, kind: socket.SocketKind) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if kind is socket.SOCK_STREAM and _is_candor(port):
                return Finding(name, "pass", f"{port}: a running Candor answers")
            reason = f"{port} on {host}: {error.strerror}; end what holds it or choose another"
            return Finding(name, "fail", reason)
    return Finding(name, "pass", f"{port} is free")


def _is_candor(port: int) -> bool:
    return any(_says_version(connection) for connection in _connections(port))


def _connections(port: int) -> Iterable[http.client.HTTPConnection]:
    yield http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWERS_WITHIN_S)
    # Only a question of what listens there: the certificate has a finding of its own.
    unchecked = ssl.create_default_context()
    unchecked.check_hostname = False
    unchecked.verify_mode = ssl.CERT_NONE
    yield http.client.HTTPSConnection(
        "127.0.0.1", port, timeout=ANSWERS_WITHIN_S, context=unchecked
    )


def _says_version(connection: http.client.HTTPConnection) -> bool:
    with closing(connection):
        try:
            connection.request("GET", addresses.HEALTHZ.path)
            return "version" in json.loads(connection.getresponse().read(4096))
        except (OSError, ValueError, http.client.HTTPException):
            return False


def _udp(config: Config) -> Finding:
    """Every address that clients are told must reach this machine's UDP."""
    told = list(config.advertise_ip) or own_addresses()
    deaf = [address for address in told if not _hears_itself(address)]
    if not deaf:
        return Finding("UDP", "pass", f"heard on {', '.join(told)}")
    return Finding(
        "UDP",
        "warn",
        f"not heard on {', '.join(deaf)}: not an address of this machine, or a firewall; "
        "behind NAT, forward the media port to here",
    )


def _hears_itself(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.settimeout(ANSWERS_WITHIN_S)
            probe.bind((address, 0))
            probe.sendto(b"candor?", probe.getsockname())
            return probe.recv(16) == b"candor?"
    except OSError:
        return False


def _certificate(config: Config, now: datetime) -> Finding:
    file = certificate_file(config)
    if file is None:
        return Finding(
            "certificate",
            "warn",
            "none: browsers give the camera to HTTPS only, so a proxy in front must speak it",
        )
    try:
        loaded = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as error:
        return Finding("certificate", "fail", f"{file} cannot be read: {error}")
    left = loaded.not_valid_after_utc - now
    if left <= timedelta(0):
        return Finding("certificate", "fail", f"{file} has expired; renew it")
    if left < CERTIFICATE_WARNING:
        return Finding("certificate", "warn", f"{file} expires in {left.days} days; renew it")
    if loaded.issuer == loaded.subject:
        return Finding("certificate", "pass", f"self-signed, {left.days} days left")
    return Finding("certificate", "pass", f"{left.days} days left")


async def _database(config: Config, now: datetime) -> Finding:
    try:
        schema, newest = await inspect_store(config.database_url, _schema_and_newest)
    except (Unavailable, FileNotFoundError) as error:
        return Finding("database", "fail", f"{error}: start it, or check `database`")
    if newest is not None and newest > now + CLOCK_TOLERANCE:
        return Finding("database", "fail", f"its newest entry is from the future ({newest})")
    if schema != migrate.newest():
        return Finding(
            "database", "warn", f"schema {schema}; `candor migrate` brings it up to date"
        )
    return Finding("database", "pass", f"schema {schema}, {config.database_url.split(':')[0]}")


def _schema_and_newest(connection: sa.Connection) -> tuple[str | None, datetime | None]:
    schema = migrate.current(connection)
    entries = audit.page(connection, None, 1) if schema else []
    return schema, entries[0].at if entries else None


def _disk(config: Config) -> Finding:
    folder = config.data if config.data.exists() else config.data.absolute().parent
    check = health.check_disk(folder)
    return Finding("disk", "pass" if check.ok else "fail", f"{check.detail} at {folder}")


def _files(config: Config) -> Finding:
    """Whether what people send finds a place."""
    folder = config.files_folder
    if not folder.exists():
        return Finding("files", "pass", f"{folder} is made at the first start")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding("files", "fail", f"{folder} cannot be written to; give it to Candor's user")
    check = health.check_disk(folder)
    return Finding("files", "pass" if check.ok else "fail", f"{check.detail} at {folder}")


def _clock() -> Finding:
    """What the kernel knows of its own clock; tokens and audit entries depend on it."""
    try:
        libc: Callable[..., int] = ctypes.CDLL(None).adjtimex
        state = ctypes.create_string_buffer(512)
        libc(state)
        # struct timex: modes, offset, freq, maxerror, esterror, then status.
        status = ctypes.c_int.from_buffer(state, 5 * ctypes.sizeof(ctypes.c_long)).value
    except (OSError, AttributeError):
        return Finding("clock", "warn", "this system does not say whether it is kept right")
    if status & STA_UNSYNC:
        return Finding("clock", "warn", "not kept right by NTP; set up chrony or systemd-timesyncd")
    return Finding("clock", "pass", "kept right by NTP")
