"""Who is asking: nobody known, somebody with a session, or the holder of a room token."""

from dataclasses import dataclass

from signaling.auth.tokens import RoomClaims
from signaling.errors import Refused
from signaling.store.sessions import Session
from signaling.store.users import User

# Each role may do what those before it may.
RANKS = {"guest": 0, "caller": 1, "operator": 2, "administrator": 3}


@dataclass(frozen=True, slots=True)
class Device:
    """Where a request comes from, as far as we can tell."""

    address: str
    agent: str
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Nobody that we know."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user whose session is alive."""

    user: User
    session: Session

    def at_least(self, role: str) -> bool:
        return RANKS[self.user.role] >= RANKS[role]


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever presents a valid room token."""

    claims: RoomClaims


Identity = Anonymous | Person | Holder


def person(who: Identity) -> Person:
    """The signed-in person; Refused for anybody else."""
    if isinstance(who, Person):
        return who
    raise Refused("unauthenticated")


def identity_of(who: Identity) -> str:
    """How somebody is called in a room: the account, or what a room token says."""
    return who.claims.identity if isinstance(who, Holder) else person(who).user.id


def scope_of(who: Identity) -> str:
    """One text for each who can be told apart: rate limits and idempotency keys hang on it."""
    match who:
        case Person(user=user):
            return f"user:{user.id}"
        case Holder(claims=claims):
            return f"token:{claims.room}:{claims.identity}"
        case Anonymous():
            return "anonymous"
