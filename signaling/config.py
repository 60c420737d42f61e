"""Everything that can be set, in one frozen value.

A setting comes from, in this order: the command line, a `CANDOR_…` variable, the TOML file, the
default below.  Unknown keys are refused.  This module knows names, types and defaults; it opens
no port and no database.
"""

import ipaddress
import tomllib
import types
import typing
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

ENVIRONMENT_PREFIX = "CANDOR_"

# A variable that the test-suite reads; it configures no server.
NOT_SETTINGS = frozenset({"CANDOR_TEST_POSTGRES"})

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SECRET_BYTES = 32
SEEN_BY = ("operators", "hosts", "everybody")
FILE_KINDS = ("image", "voice", "video", "file")


class ConfigError(Exception):
    """A setting that cannot be used, in words for whoever has to change it."""


def setting(default: Any, help_: str) -> Any:
    """A field of a settings class, with the sentence that `--help` and the manual share."""
    return field(default=default, metadata={"help": help_})


@dataclass(frozen=True, slots=True)
class Auth:
    """Who gets in, and for how long."""

    secret: str = setting("", "signs tokens; at least 32 random bytes, written as text")
    registration: str = setting("open", "who may make an account: open or closed")
    access_minutes: int = setting(10, "how long an access token is good for")
    session_days: int = setting(30, "how long a session lives without being used")
    guest_hours: int = setting(24, "how long a guest may stay")
    password_hashers: int = setting(2, "password hashes worked out at the same time")


@dataclass(frozen=True, slots=True)
class Http:
    """How HTTP is spoken and to whom."""

    body_bytes: int = setting(1 << 20, "largest request body")
    body_seconds: int = setting(30, "longest time for a body to arrive")
    idle_seconds: int = setting(12, "a connection that says nothing is closed after this")
    connections: int = setting(8192, "connections at the same time; more are told 503")
    sockets: int = setting(4096, "WebSockets at the same time; more are told 503")
    trusted_proxies: tuple[Network, ...] = setting(
        (), "networks whose X-Forwarded-For and X-Forwarded-Proto are believed"
    )
    allowed_origins: tuple[str, ...] = setting((), "other sites whose pages may call the API")
    metrics_networks: tuple[Network, ...] = setting(
        (), "networks that may read /metrics without signing in"
    )
    webhook_networks: tuple[Network, ...] = setting(
        (), "networks inside that webhooks may be sent to; addresses outside always may"
    )
    public_url: str = setting("", "the address that people use, when a proxy stands in front")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one address or one account may ask."""

    requests_per_minute: int = setting(1200, "requests of one address or account")
    logins_per_minute: int = setting(10, "failed logins of one address")
    registrations_per_hour: int = setting(100, "accounts and guests made by one address")
    searches_per_minute: int = setting(30, "searches of one account for people")
    matches_per_minute: int = setting(5, "tries to be matched, of one account or address")
    matches_per_minute_of_all: int = setting(300, "tries to be matched, of all together")


@dataclass(frozen=True, slots=True)
class Matching:
    """How people find each other by a number or a heart link."""

    wait_seconds: int = setting(60, "how long somebody waits to be matched")
    answer_seconds: int = setting(30, "how long two have to accept each other")


@dataclass(frozen=True, slots=True)
class Files:
    """What people may send one another besides words."""

    folder: Path | None = setting(None, "where files are kept; default: `files` in `data`")
    kinds: tuple[str, ...] = setting(
        FILE_KINDS, "what may be sent: image, voice, video, file (anything, only to be saved)"
    )
    largest_bytes: int = setting(256 << 20, "largest single file")
    person_bytes: int = setting(4 << 30, "what the files of one person may take together")
    person_files: int = setting(5000, "how many files one person may have")
    room_bytes: int = setting(32 << 30, "what the files of one room may take together")
    longest_minutes: int = setting(180, "longest recording that is opened")
    resume_seconds: int = setting(45, "an upload to which nothing came for so long is dropped")
    unsent_hours: int = setting(24, "a file that no message shows by then is dropped")


@dataclass(frozen=True, slots=True)
class ChatKept:
    """How long what belongs to chat is kept; of messages each room decides for itself."""

    keep_reports_days: int = setting(365, "how long a report is kept after it was decided")


@dataclass(frozen=True, slots=True)
class Log:
    """What is written to standard error."""

    level: str = setting("info", "debug, info, warning or error")
    format: str = setting("auto", "json, text, or auto: text on a terminal")


@dataclass(frozen=True, slots=True)
class Detection:
    """What looks for faces and voices that are not real."""

    enabled: bool = setting(True, "whether anything is looked at, anywhere")
    models: Path = setting(Path("models"), "folder of the models that `candor models` keeps")
    memory_mib: int = setting(3072, "most address space that the detection process may take")
    seen_by: str = setting(
        "operators", "who sees scores where a room says nothing: operators, hosts or everybody"
    )
    own_seen: bool = setting(False, "whether people see their own score where a room says nothing")
    consent_required: bool = setting(
        False, "whether only those come in who agree to be looked at, where a room says nothing"
    )
    keep_days: int = setting(30, "how long scores and what they stand on are kept")
    keep_alerts_days: int = setting(365, "how long closed alerts are kept, with their evidence")


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of one Candor."""

    host: str = setting("0.0.0.0", "address for HTTPS and media")  # noqa: S104 (the network's door)
    http_host: str = setting("127.0.0.1", "address for plain HTTP")
    port: int = setting(8080, "port for plain HTTP; 0 picks free ports for all that are not given")
    https_port: int = setting(8443, "port for HTTPS")
    media_port: int = setting(50000, "first port for media, UDP and TCP")
    media_workers: int = setting(0, "media processes; 0 means one for each core but one")
    advertise_ip: tuple[str, ...] = setting((), "addresses told to clients; default: all own")
    data: Path = setting(Path("data"), "folder for the database, keys and files")
    database: str = setting("", "PostgreSQL address; empty: SQLite in the data folder")
    certificate: Path | None = setting(None, "TLS certificate chain (PEM)")
    certificate_key: Path | None = setting(None, "TLS private key (PEM)")
    dev: bool = setting(False, "try it out: makes secrets, certificate and an operator")
    auth: Auth = Auth()
    http: Http = Http()
    limits: Limits = Limits()
    files: Files = Files()
    matching: Matching = Matching()
    chat: ChatKept = ChatKept()
    log: Log = Log()
    detection: Detection = Detection()

    @property
    def database_url(self) -> str:
        """Where the store lives, as SQLAlchemy writes it."""
        return self.database or f"sqlite:///{self.data / 'candor.db'}"

    @property
    def files_folder(self) -> Path:
        """Where contents and drafts of files are."""
        return self.files.folder or self.data / "files"


def load(
    *,
    environment: Mapping[str, str],
    options: Mapping[str, Any],
    file: Path | None = None,
) -> Config:
    """Fill the configuration once; ConfigError says which setting of which source is wrong."""
    given: dict[str, Any] = {}
    given |= _from_file(file)
    given |= _from_environment(environment)
    given |= {name: value for name, value in options.items() if value is not None}
    return _free_ports(_build(given), given)


def every_setting() -> Iterator[tuple[str, str]]:
    """(dotted name, help) of all settings, in the order of the classes above."""
    for name, _, help_ in _leaves(Config):
        yield name, help_


def environment_name(setting_name: str) -> str:
    """The variable that sets a dotted name: `auth.secret` is `CANDOR_AUTH_SECRET`."""
    return ENVIRONMENT_PREFIX + setting_name.upper().replace(".", "_")


def secret_weakness(secret: str) -> str | None:
    """What is wrong with a signing secret, in words; None if it will do."""
    if not secret:
        return "there is no signing secret"
    if len(secret.encode()) < SECRET_BYTES:
        return f"the signing secret has fewer than {SECRET_BYTES} bytes"
    commonest = Counter(secret).most_common(1)[0][1]
    if len(set(secret)) < 12 or commonest > len(secret) // 3:  # noqa: PLR2004 (any random text has more)
        return "the signing secret repeats itself and can be guessed"
    return None


def _leaves(cls: type, prefix: str = "") -> Iterator[tuple[str, Any, str]]:
    hints = typing.get_type_hints(cls)
    for item in fields(cls):
        kind = hints[item.name]
        if is_dataclass(kind):
            assert isinstance(kind, type)
            yield from _leaves(kind, f"{prefix}{item.name}.")
        else:
            yield prefix + item.name, kind, item.metadata["help"]


def _from_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: is not TOML ({error})") from None
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": entry for inner, entry in value.items()}
        else:
            flat[key] = value
    return flat


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    names = {environment_name(name): name for name, _, _ in _leaves(Config)}
    given: dict[str, Any] = {}
    for variable, text in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable in NOT_SETTINGS:
            continue
        if variable not in names:
            raise ConfigError(f"{variable}: no such setting")
        given[names[variable]] = text
    return given


def _build(given: Mapping[str, Any]) -> Config:
    kinds = {name: kind for name, kind, _ in _leaves(Config)}
    top: dict[str, Any] = {}
    sections: dict[str, dict[str, Any]] = {}
    for name, value in given.items():
        if name not in kinds:
            raise ConfigError(f"{name}: no such setting")
        section, _, inner = name.rpartition(".")
        target = sections.setdefault(section, {}) if section else top
        target[inner] = _convert(name, kinds[name], value)
    config = Config(**top)
    for section, values in sections.items():
        top[section] = replace(getattr(config, section), **values)
    return _checked(replace(config, **top))


def _checked(config: Config) -> Config:
    for name, choices in (
        ("auth.registration", ("open", "closed")),
        ("log.level", ("debug", "info", "warning", "error")),
        ("log.format", ("json", "text", "auto")),
        ("detection.seen_by", SEEN_BY),
    ):
        section, _, inner = name.partition(".")
        if getattr(getattr(config, section), inner) not in choices:
            raise ConfigError(f"{name}: must be one of {', '.join(choices)}")
    if not set(config.files.kinds) <= set(FILE_KINDS):
        raise ConfigError(f"files.kinds: each must be one of {', '.join(FILE_KINDS)}")
    for port in ("port", "https_port", "media_port"):
        if not 0 <= getattr(config, port) <= 65535:  # noqa: PLR2004 (the largest port)
            raise ConfigError(f"{port}: must be between 0 and 65535")
    if (config.certificate is None) != (config.certificate_key is None):
        raise ConfigError("certificate and certificate_key: give both or neither")
    return config


def _free_ports(config: Config, given: Mapping[str, Any]) -> Config:
    """With `port = 0`, every port that nobody asked for is picked as well."""
    if config.port != 0:
        return config
    return replace(
        config,
        https_port=config.https_port if "https_port" in given else 0,
        media_port=config.media_port if "media_port" in given else 0,
    )


def _convert(name: str, kind: Any, value: Any) -> Any:
    """A value of the setting's type, from TOML's type, an option or a variable's text."""
    try:
        return _converted(kind, value)
    except (ValueError, TypeError):
        raise ConfigError(f"{name}: {value!r} is not {_in_words(kind)}") from None


def _converted(kind: Any, value: Any) -> Any:
    if typing.get_origin(kind) is tuple:
        parts = value.split(",") if isinstance(value, str) else value
        inner = typing.get_args(kind)[0]
        return tuple(_converted(inner, part) for part in parts if part != "")
    if kind == Network:
        return ipaddress.ip_network(value.strip())
    if isinstance(kind, types.UnionType):
        return _converted(typing.get_args(kind)[0], value)
    if kind is bool:
        return _boolean(value)
    if kind is int and (isinstance(value, bool) or int(value) < 0):
        raise ValueError(value)
    if kind is str and not isinstance(value, str):
        raise TypeError(value)
    return kind(value)


def _boolean(value: Any) -> bool:
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    return (
        words[value.lower()] if isinstance(value, str) and value.lower() in words else _flag(value)
    )


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _in_words(kind: Any) -> str:
    words = {
        int: "a whole number, zero or more",
        bool: "true or false",
        str: "text",
        Path: "a path",
    }
    if typing.get_origin(kind) is tuple:
        return "a list (separated by commas in a variable), each part well-formed"
    return words.get(kind, "a usable value")
