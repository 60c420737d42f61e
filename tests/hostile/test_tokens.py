"""Bearer tokens that we did not make, or not for this."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.auth.tokens import ACCESS, ROOM, AccessClaims, Signer
from signaling.errors import Refused
from tests.client import Client
from tests.conftest import SECRET
from tests.hostile.conftest import House
from tests.hostile.wire import first_answer, request

ME = "/api/v1/me"
GRANTS = "/api/v1/rooms/tea/grants"
REFRESH = "/api/v1/auth/refresh"
OTHER_SECRET = "another installation's secret: 51f0c2b7a6e94d38"

Claims = dict[str, Any]
Forge = Callable[[Claims], str]


@dataclass(frozen=True, slots=True)
class Issued:
    """What alice was given, and what it says."""

    access: str
    refresh: str
    room: str

    @property
    def claims(self) -> Claims:
        return dict(jwt.decode(self.access, options={"verify_signature": False}))

    @property
    def room_claims(self) -> Claims:
        return dict(jwt.decode(self.room, options={"verify_signature": False}))


@pytest.fixture
async def issued(client: Client) -> Issued:
    await client.register("alice")
    opened = (await client.login("alice")).body
    alice = client.as_(opened["access_token"])
    await alice.post("/api/v1/rooms", {"id": "tea"})
    room = (await alice.post("/api/v1/rooms/tea/tokens")).body["token"]
    return Issued(opened["access_token"], opened["refresh_token"], room)


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _unsigned(algorithm: object, signature: str = "") -> Forge:
    return lambda claims: f"{_part({'alg': algorithm, 'typ': 'JWT'})}.{_part(claims)}.{signature}"


def _signed(
    secret: str = SECRET, algorithm: str = "HS256", header: Claims | None = None, **changed: Any
) -> Forge:
    """Signed as we sign, with some claims or headers changed; None takes a claim away."""

    def forge(claims: Claims) -> str:
        content = {name: value for name, value in (claims | changed).items() if value is not None}
        raw = json.dumps(content).encode()
        return jwt.PyJWS().encode(raw, secret, algorithm, headers=header)

    return forge


def _raw(text: Callable[[str], str]) -> Forge:
    """A good token, mangled."""
    return lambda claims: text(_signed()(claims))


NOW = int(time.time())

FORGED: dict[str, Forge] = {
    "no algorithm": _unsigned("none"),
    "no algorithm in capitals": _unsigned("NONE"),
    "no algorithm in odd letters": _unsigned("nOnE"),
    "no algorithm with a signature": _unsigned("none", "c2lnbmF0dXJl"),
    "empty algorithm": _unsigned(""),
    "null algorithm": _unsigned(None),
    "list of algorithms": _unsigned(["HS256", "none"]),
    "our algorithm and no signature": _unsigned("HS256"),
    "another secret": _signed(OTHER_SECRET),
    "empty secret": lambda claims: _hs256(b"", claims),
    "a public certificate as secret": lambda claims: _hs256(b"-----BEGIN CERTIFICATE-----", claims),
    "another HMAC": _signed(algorithm="HS384"),
    "key by path": _signed(header={"kid": "../../../../dev/null"}),
    "key by SQL": _signed(header={"kid": "x' UNION SELECT 'secret"}),
    "key by address": _signed(header={"jku": "https://evil.example/keys.json"}),
    "key by certificate": _signed(header={"x5u": "https://evil.example/cert.pem"}),
    "key in the header": _signed(header={"jwk": {"kty": "oct", "k": "c2VjcmV0"}}),
    "critical extension": _signed(header={"crit": ["b64"], "b64": False}),
    "unknown critical extension": _signed(header={"crit": ["exp"], "exp": 1}),
    "compressed": _signed(header={"zip": "DEF"}),
    "no exp": _signed(exp=None),
    "no iat": _signed(iat=None),
    "no sub": _signed(sub=None),
    "no sid": _signed(sid=None),
    "no aud": _signed(aud=None),
    "exp in the far future": _signed(exp=9e99),
    "exp beyond any number": _signed(exp=10**400),
    "exp infinite": _signed(exp=float("inf")),
    "exp not a number": _signed(exp=float("nan")),
    "exp a fraction": _signed(exp=NOW + 60.5),
    "exp a text": _signed(exp=str(NOW + 60)),
    "exp true": _signed(exp=True),
    "exp a list": _signed(exp=[NOW + 60]),
    "exp in a year and a bit": _signed(exp=NOW + 367 * 86400),
    "exp before iat": _signed(iat=NOW, exp=NOW - 1),
    "iat in the future": _signed(iat=NOW + 3600, exp=NOW + 7200),
    "iat a text": _signed(iat=str(NOW)),
    "iat long ago": _signed(iat=-(10**12)),
    "another audience": _signed(aud="candor:refresh"),
    "no audience": _signed(aud=""),
    "empty list of audiences": _signed(aud=[]),
    "audience is a number": _signed(aud=1),
    "sid of nobody": _signed(sid="0" * 26),
    "sid a list": _signed(sid=["x"]),
    "sub a number": _signed(sub=1),
    "sub of somebody else": _signed(sub="somebody-else"),
    "claims are a list": lambda _: jwt.PyJWS().encode(b"[]", SECRET, "HS256"),
    "claims are no JSON": lambda _: jwt.PyJWS().encode(b"\xff", SECRET, "HS256"),
    "claims are deep": lambda _: jwt.PyJWS().encode(b"[" * 2000, SECRET, "HS256"),
    "signature cut short": _raw(lambda token: token[:-4]),
    "signature of another": _raw(lambda token: token.rpartition(".")[0] + "." + "A" * 43),
    "one part": _raw(lambda token: token.split(".")[0]),
    "four parts": _raw(lambda token: token + ".x"),
    "dots": lambda _: "...",
    "not base64": lambda _: "!.!.!",
    "longer than any of ours": _signed(padding="x" * 5000),
}


def _hs256(secret: bytes, claims: Claims) -> str:
    """PyJWT refuses such secrets, so it is done by hand."""
    content = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    signature = hmac.digest(secret, content.encode(), "sha256")
    return f"{content}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


async def test_the_same_claims_signed_again_are_good(client: Client, issued: Issued) -> None:
    """Without this, every refusal below could be one of the forger's own mistakes."""
    again = client.as_(_signed()(issued.claims))
    assert (await again.get(ME)).status == 200
    room = client.as_(_signed()(issued.room_claims))
    assert (await room.get(GRANTS)).status == 200


async def test_a_forged_access_token_is_refused_wherever_it_comes(
    client: Client, issued: Issued
) -> None:
    good = ("unauthenticated", "session_ended", "token_expired")
    passed = []
    for what, forge in FORGED.items():
        forger = client.as_(forge(issued.claims))
        for path in (ME, "/healthz", GRANTS):
            reply = await forger.get(path)
            if reply.status != 401 or reply.code not in good:
                passed.append((what, path, reply.status, reply.code))

    assert not passed


# A room token has no session, and whoever holds the secret names its identity as they like.
OF_SESSIONS = ("no sid", "sid of nobody", "sid a list", "sub of somebody else")
ROOM_FORGERIES = {name: forge for name, forge in FORGED.items() if name not in OF_SESSIONS}


async def test_a_forged_room_token_is_refused(client: Client, issued: Issued) -> None:
    passed = []
    for what, forge in ROOM_FORGERIES.items():
        reply = await client.as_(forge(issued.room_claims)).get(GRANTS)
        if reply.status != 401:
            passed.append((what, reply.status, reply.code))

    assert not passed


NO_GRANTS_OF_OURS = (
    None,
    [],
    "all",
    {"publish": ["everything"]},
    {"publish": 1},
    {"moderate": 1},
    {"root": True},
)


async def test_a_room_token_with_other_grants_than_ours_is_refused(
    client: Client, issued: Issued
) -> None:
    for grants in NO_GRANTS_OF_OURS:
        forged = _signed(grants=grants)(issued.room_claims)

        assert (await client.as_(forged).get(GRANTS)).status == 401, grants


async def test_an_expired_token_says_so(client: Client, issued: Issued) -> None:
    expired = _signed(iat=NOW - 600, exp=NOW - 60)(issued.claims)

    reply = await client.as_(expired).get(ME)

    assert (reply.status, reply.code) == (401, "token_expired")


async def test_each_secret_is_good_for_one_thing(client: Client, issued: Issued) -> None:
    signed_in = await client.login("alice", session="cookie")
    cookie = signed_in.headers["Set-Cookie"].partition(";")[0].partition("=")[2]

    for secret in (issued.refresh, cookie):
        assert (await client.as_(secret).get(ME)).status == 401
    for secret in (issued.access, issued.refresh, issued.room):
        reply = await client.get(ME, headers={"Cookie": f"candor={secret}"})
        assert reply.status == 401
    for secret in (issued.access, cookie):
        reply = await client.post(REFRESH, {"refresh_token": secret})
        assert (reply.status, reply.code) == (401, "unauthenticated")
    assert (await client.as_(issued.room).get(ME)).status == 401
    as_access = _signed(aud=ACCESS)(issued.room_claims)
    assert (await client.as_(as_access).get(ME)).status == 401
    as_room = _signed(aud=ROOM)(issued.claims)
    assert (await client.as_(as_room).get(GRANTS)).status == 401
    # And all of them are still good for what they are.
    assert (await client.as_(issued.access).get(ME)).status == 200
    assert (await client.post(REFRESH, {"refresh_token": issued.refresh})).status == 200
    assert (await client.get(ME, headers={"Cookie": f"candor={cookie}"})).status == 200


async def test_a_token_is_of_one_session_and_one_user(client: Client, issued: Issued) -> None:
    bob = await client.register("bob")
    bobs = jwt.decode(str(bob.token), options={"verify_signature": False})

    crossed = _signed(sid=bobs["sid"])(issued.claims)

    assert (await client.as_(crossed).get(ME)).status == 401


async def test_a_token_in_the_address_is_not_looked_at(client: Client, issued: Issued) -> None:
    for name in ("token", "access_token", "jwt", "authorization"):
        reply = await client.get(f"{ME}?{name}={issued.access}")
        assert reply.status == 401


async def test_a_bad_token_beside_a_good_cookie_is_refused(client: Client, issued: Issued) -> None:
    signed_in = await client.login("alice", session="cookie")
    cookie = signed_in.headers["Set-Cookie"].partition(";")[0]

    reply = await client.as_("x.y.z").get(ME, headers={"Cookie": cookie})

    assert reply.status == 401


async def test_two_authorization_headers_are_not_two_chances(
    house: House,
) -> None:
    alice = await house.client.register("alice")
    head = request("GET", ME, "Authorization: Bearer x.y.z", f"Authorization: Bearer {alice.token}")

    heard = await first_answer(house.port, head)

    assert heard.status in (400, 401)


SIGNER = Signer(SECRET)
WHEN = datetime.now(UTC)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
claim_names = st.sampled_from(
    ["aud", "exp", "iat", "nbf", "sub", "sid", "jti", "iss", "name", "room", "grants"]
)
audiences = st.sampled_from([ACCESS, ROOM])
claims = st.dictionaries(claim_names, values) | st.fixed_dictionaries(
    {"aud": audiences | values, "exp": st.integers() | values, "iat": st.integers() | values},
    optional={"sub": values, "sid": values, "jti": values, "nbf": values, "grants": values},
)
headers = st.dictionaries(
    st.sampled_from(["alg", "typ", "kid", "jku", "crit", "b64", "zip", "x5c"]), values, max_size=3
)


READERS: tuple[Callable[[str], object], ...] = (
    lambda token: SIGNER.read_access(token, WHEN),
    lambda token: SIGNER.read_room(token, WHEN),
)


def _returns_or_refuses(token: str) -> None:
    for read in (*READERS, SIGNER.is_room_token):
        with suppress(Refused):
            read(token)


@given(header=headers, content=values | claims, good=st.booleans())
def test_whatever_a_token_says_it_is_read_or_refused(
    header: Claims, content: object, good: bool
) -> None:
    part = f"{_part({'alg': 'HS256'} | ({} if good else header))}.{_part(content)}"
    signature = hmac.digest(SECRET.encode(), part.encode(), "sha256")
    _returns_or_refuses(f"{part}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}")


@given(
    st.text(alphabet=st.characters(), max_size=60) | st.from_regex(r"\A[\w-]*\.[\w-]*\.[\w-]*\Z")
)
def test_whatever_stands_where_a_token_should_is_refused(token: str) -> None:
    assert not SIGNER.is_room_token(token)
    for read in READERS:
        with pytest.raises(Refused) as refused:
            read(token)
        assert refused.value.code == "unauthenticated"


@given(at=st.integers(0, 10_000), letter=st.sampled_from("ABab01-_.="))
def test_a_token_with_one_letter_changed_says_nothing_else(at: int, letter: str) -> None:
    good = AccessClaims(session_id="session", user_id="alice")
    token = SIGNER.access_token(good, WHEN, timedelta(minutes=10))
    at %= len(token)
    changed = token[:at] + letter + token[at + 1 :]

    try:
        read = SIGNER.read_access(changed, WHEN)
    except Refused:
        return
    # The last letter of base64 carries spare bits: another spelling of the same signature.
    assert read == good
