"""What a handler gets and what it gives back: values that know nothing of aiohttp."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import msgspec

from signaling.addresses import Address
from signaling.auth.identity import Anonymous, Device, Identity, Person, person
from signaling.errors import Refused


class Allow(Enum):
    """Who may call a route; a role stands for itself and all above it."""

    ANYONE = "anyone"
    HOLDER = "holder"
    """Somebody signed in, or the holder of a room token."""
    GUEST = "guest"
    CALLER = "caller"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    WATCHER = "watcher"
    """An operator, or a client in a network that the configuration names."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of a content, and unless one has it already (RFC 9110, 13 and 14)."""

    range: str = ""
    if_range: str = ""
    if_none_match: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, understood: who, from where, and what they want."""

    who: Identity
    device: Device
    path: Mapping[str, str]
    query: Any
    body: Any
    secure: bool
    if_match: str | None = None
    """On which state of the resource the request builds (RFC 9110, 13.1.1), as it was written."""
    wanted: Wanted = Wanted()

    @property
    def person(self) -> Person:
        """Whoever is signed in; only for routes that ask for a role."""
        return person(self.who)


@dataclass(frozen=True, slots=True)
class Cookie:
    """The session's cookie as it is to be set; an empty value takes it away."""

    value: str
    seconds: int


class Content(msgspec.Struct, frozen=True):
    """An answer or a body that is not JSON."""

    media_type: str
    data: bytes


class Incoming(msgspec.Struct, frozen=True):
    """A body that is read while it comes, as far and as long as the handler likes."""

    media_type: str
    pieces: AsyncIterator[bytes]


class Outgoing(msgspec.Struct, frozen=True):
    """An answer that is sent while it is read; its size may be unknown until then."""

    media_type: str
    size: int | None
    pieces: AsyncIterator[bytes]


class Filled(msgspec.Struct, frozen=True):
    """A form up to its file: the fields in front of it, its name, and its bytes as they come."""

    fields: Mapping[str, str]
    name: str
    pieces: AsyncIterator[bytes]


class Form(msgspec.Struct, frozen=True):
    """A form with a file, of which nothing was read yet."""

    most_bytes: int
    """The form's own length: the file is no longer than that."""
    open: Callable[[], Awaitable[Filled]]


# Bodies that are bytes, and no JSON.
BYTES = (Content, Incoming, Outgoing, Form)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client gets; without a body, nothing at all."""

    body: msgspec.Struct | Content | Outgoing | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cookie: Cookie | None = None


NOTHING = Answer(status=204)

JSON = "application/json"

Handler = Callable[[Call], Awaitable[Answer]]


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A route that takes no query."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one address, with everything that a client must know of it."""

    method: str
    address: Address
    handle: Handler
    summary: str
    allow: Allow = Allow.CALLER
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] = NoQuery
    answer: type[msgspec.Struct] | None = None
    status: int = 200
    refusals: tuple[str, ...] = ()
    """Codes beyond those that every route may answer."""
    accepts: tuple[str, ...] = (JSON,)
    """Content types of the body."""
    body_bytes: int | None = None
    """A smaller limit for the body than that of the configuration."""
    from_anywhere: bool = False
    """True if pages of any site may call it: it takes bearer tokens only."""
    returns: str = JSON
    replayable: bool = True
    """False where an idempotency key makes no sense: the request is safe to repeat anyhow."""

    @property
    def takes_body(self) -> bool:
        return self.body is not None

    @property
    def unsafe(self) -> bool:
        return self.method not in ("GET", "HEAD", "OPTIONS")

    @property
    def takes_pieces(self) -> bool:
        return self.body in (Incoming, Form)

    @property
    def is_json(self) -> bool:
        return self.accepts == (JSON,)


def check_allowed(allow: Allow, who: Identity, *, from_watching_network: bool) -> None:
    """Refused if what is allowed to them is something else."""
    if allow is Allow.ANYONE or (allow is Allow.WATCHER and from_watching_network):
        return
    if allow is Allow.HOLDER:
        if isinstance(who, Anonymous):
            raise Refused("unauthenticated")
        return
    role = "operator" if allow is Allow.WATCHER else allow.value
    if not person(who).at_least(role):
        raise Refused("forbidden")
