"""Bearer tokens: how they are signed, and everything that makes one invalid.

Two kinds, told apart by audience so that neither passes for the other: access tokens (a session
of this Candor, minutes) and room tokens (an identity with grants in one room, for guests of
integrators and for tests).  The algorithm is fixed here and never read from the token.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
import msgspec

from signaling.auth.grants import Grants, from_json, to_json
from signaling.errors import Refused

ALGORITHM = "HS256"
ACCESS = "candor:access"
ROOM = "candor:room"
LONGEST_TOKEN = 4096
# No token of ours lives longer; one that says so was not made by this program.
LONGEST_LIFE = timedelta(days=366)
# Clocks of two signaling machines may differ by so much.
LEEWAY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What an access token says; whether the session still lives is for the store."""

    session_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class RoomClaims:
    """What a room token says."""

    token_id: str
    room: str
    identity: str
    name: str
    grants: Grants


class Signer:
    """Makes and reads both kinds with one secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def access_token(self, claims: AccessClaims, now: datetime, life: timedelta) -> str:
        content = {"sub": claims.user_id, "sid": claims.session_id}
        return self._signed(ACCESS, content, now, life)

    def room_token(self, claims: RoomClaims, now: datetime, life: timedelta) -> str:
        content = {
            "jti": claims.token_id,
            "sub": claims.identity,
            "name": claims.name,
            "room": claims.room,
            "grants": to_json(claims.grants),
        }
        return self._signed(ROOM, content, now, life)

    def read_access(self, token: str, now: datetime) -> AccessClaims:
        """The claims of a valid access token; anything else is Refused with a 401."""
        content = self._verified(token, ACCESS, now)
        return AccessClaims(session_id=_text(content, "sid"), user_id=_text(content, "sub"))

    def read_room(self, token: str, now: datetime) -> RoomClaims:
        """The claims of a valid room token; anything else is Refused with a 401."""
        content = self._verified(token, ROOM, now)
        try:
            grants = from_json(content.get("grants"))
        except msgspec.ValidationError:
            raise Refused("unauthenticated", "The token's grants are not known here.") from None
        return RoomClaims(
            token_id=_text(content, "jti"),
            room=_text(content, "room"),
            identity=_text(content, "sub"),
            name=_text(content, "name"),
            grants=grants,
        )

    def is_room_token(self, token: str) -> bool:
        """What the token claims to be, unverified: only to choose who verifies it."""
        try:
            claims = jwt.decode(token, options={"verify_signature": False, "verify_aud": False})
        except (jwt.PyJWTError, ValueError, RecursionError):
            return False
        return claims.get("aud") == ROOM

    def _signed(
        self, audience: str, content: Mapping[str, object], now: datetime, life: timedelta
    ) -> str:
        times = {"iat": int(now.timestamp()), "exp": int((now + life).timestamp())}
        return jwt.encode({"aud": audience, **times, **content}, self._secret, ALGORITHM)

    def _verified(self, token: str, audience: str, now: datetime) -> dict[str, object]:
        if len(token) > LONGEST_TOKEN:
            raise Refused("unauthenticated", "The token is too long.")
        try:
            if set(jwt.get_unverified_header(token)) - {"alg", "typ"}:
                raise Refused("unauthenticated", "The token's header asks for more than it may.")
            content: dict[str, object] = jwt.decode(
                token,
                self._secret,
                algorithms=[ALGORITHM],
                audience=audience,
                options={
                    "require": ["exp", "iat", "aud", "sub"],
                    # Judged below, by the clock that was handed in.
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise Refused("unauthenticated", "The token is not one of ours.") from None
        _refuse_wrong_times(content, now)
        return content


def new_secret() -> str:
    """A secret that is good enough to sign with: 256 random bits, as text."""
    return secrets.token_urlsafe(32)


def _refuse_wrong_times(content: dict[str, object], now: datetime) -> None:
    expires, issued = content["exp"], content["iat"]
    if not isinstance(expires, int) or not isinstance(issued, int):
        raise Refused("unauthenticated", "The token's times are not whole seconds.")
    if not 0 <= expires - issued <= LONGEST_LIFE.total_seconds():
        raise Refused("unauthenticated", "The token lives longer than any of ours.")
    if issued > (now + LEEWAY).timestamp():
        raise Refused("unauthenticated", "The token is from the future.")
    if expires < (now - LEEWAY).timestamp():
        raise Refused("token_expired")


def _text(content: dict[str, object], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise Refused("unauthenticated", f"The token has no {name}.")
    return value
