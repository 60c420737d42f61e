"""Passkeys: what a browser hands over at registration and later, judged (WebAuthn level 2, 7).

Pure: bytes in, values out.  Who is asked, and that a challenge is used once, is for `passkeys`.
Attestation is not asked for and not looked at: which maker a key is of says nothing here.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from signaling.auth import cbor

# As COSE numbers them (RFC 9053): what authenticators in use can do.
ES256, EDDSA, RS256 = -7, -8, -257
ALGORITHMS = (ES256, EDDSA, RS256)
# Flags of authenticator data (WebAuthn, 6.1).
PRESENT, VERIFIED, HAS_CREDENTIAL, HAS_MORE = 0x01, 0x04, 0x40, 0x80
HEAD_BYTES = 37
LONGEST_CREDENTIAL = 1023
RSA_BITS = (2048, 4096)

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey


class Unacceptable(ValueError):
    """What was handed over proves nothing; the words say why."""


@dataclass(frozen=True, slots=True)
class Site:
    """For whom passkeys are made: a name, and the pages' origin; without one, any of that name."""

    rp_id: str
    origin: str

    def owns(self, origin: str) -> bool:
        if self.origin:
            return origin == self.origin
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and parts.hostname == self.rp_id


def site_of(public_url: str) -> Site:
    """By the address that people use; without one, browsers have passkeys on localhost only."""
    if not public_url:
        return Site("localhost", "")
    return Site(urlsplit(public_url).hostname or "", public_url.rstrip("/"))


@dataclass(frozen=True, slots=True)
class Credential:
    """A passkey that was made just now; the key as DER."""

    id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Signed:
    """What a passkey answers to a challenge."""

    client_data: bytes
    authenticator_data: bytes
    signature: bytes


class _ClientData(msgspec.Struct, rename="camel"):
    """What the browser says of the page; other fields do not matter (WebAuthn, 5.8.1)."""

    type: str
    challenge: str
    origin: str
    cross_origin: bool = False


def registered(attestation: bytes, client_data: bytes, challenge: bytes, site: Site) -> Credential:
    """A new passkey (WebAuthn, 7.1)."""
    _check_client(client_data, "webauthn.create", challenge, site)
    try:
        told, end = cbor.read(attestation)
        data = told["authData"] if isinstance(told, dict) else None
        if end != len(attestation) or not isinstance(data, bytes):
            raise Unacceptable("the attestation holds something else")
        count = _check_authenticator(data, site, HAS_CREDENTIAL)
        return _credential(data, count)
    except (cbor.Malformed, KeyError) as error:
        raise Unacceptable(str(error)) from None


def checked(
    public_key: bytes, sign_count: int, signed: Signed, challenge: bytes, site: Site
) -> int:
    """The new counter, if this was signed by the passkey for this challenge (WebAuthn, 7.2)."""
    _check_client(signed.client_data, "webauthn.get", challenge, site)
    count = _check_authenticator(signed.authenticator_data, site, 0)
    content = signed.authenticator_data + hashlib.sha256(signed.client_data).digest()
    _check_signature(public_key, signed.signature, content)
    # Passkeys that are copied between devices do not count; one that does never goes back.
    if (count or sign_count) and count <= sign_count:
        raise Unacceptable("the counter has not risen: there may be a copy")
    return count


def text_of(data: bytes) -> str:
    """Bytes as they are written in messages: base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def bytes_of(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise Unacceptable("that is not base64url") from None


def _check_client(data: bytes, kind: str, challenge: bytes, site: Site) -> None:
    try:
        told = msgspec.json.decode(data, type=_ClientData)
        is_origin = site.owns(told.origin)
    except (msgspec.MsgspecError, UnicodeError, ValueError, RecursionError):
        raise Unacceptable("the browser's words cannot be read") from None
    if told.type != kind or told.cross_origin or not is_origin:
        raise Unacceptable("it was made for something else, or on another page")
    if not hmac.compare_digest(told.challenge.encode(), text_of(challenge).encode()):
        raise Unacceptable("it answers another challenge")


def _check_authenticator(data: bytes, site: Site, wanted: int) -> int:
    """The counter, if the authenticator saw its owner, and for this site."""
    if len(data) < HEAD_BYTES:
        raise Unacceptable("the authenticator's words are too short")
    if data[:32] != hashlib.sha256(site.rp_id.encode()).digest():
        raise Unacceptable("it is for another site")
    wanted |= PRESENT | VERIFIED
    if data[32] & wanted != wanted:
        raise Unacceptable("the authenticator has not verified its owner")
    return int.from_bytes(data[33:HEAD_BYTES], "big")


def _credential(data: bytes, count: int) -> Credential:
    """Attested credential data (WebAuthn, 6.5.1): model, length, identifier, key."""
    start = HEAD_BYTES + 18
    length = int.from_bytes(data[start - 2 : start], "big")
    key_at = start + length
    if not 0 < length <= LONGEST_CREDENTIAL or len(data) <= key_at:
        raise Unacceptable("the credential's identifier is too short or too long")
    told, key_length = cbor.read(data[key_at:])
    end = key_at + key_length
    if data[32] & HAS_MORE:
        end += cbor.read(data[end:])[1]
    if end != len(data) or not isinstance(told, dict):
        raise Unacceptable("the credential has a tail, or no key")
    return Credential(data[start:key_at], _der_of(told), count)


def _der_of(key: dict[int | str, object]) -> bytes:
    try:
        made = _public_key(key)
    except (ValueError, TypeError, KeyError, UnsupportedAlgorithm):
        raise Unacceptable("the key is none that we know") from None
    return made.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _public_key(key: dict[int | str, object]) -> PublicKey:
    """A COSE key (RFC 9053, 7): 1 is the type, 3 the algorithm, -1 a curve or the modulus."""
    match key:
        case {1: 2, 3: -7, -1: 1, -2: bytes(x), -3: bytes(y)} if len(x) == len(y) == 32:  # noqa: PLR2004 (P-256)
            numbers = int.from_bytes(x, "big"), int.from_bytes(y, "big")
            return ec.EllipticCurvePublicNumbers(*numbers, ec.SECP256R1()).public_key()
        case {1: 1, 3: -8, -1: 6, -2: bytes(x)}:
            return ed25519.Ed25519PublicKey.from_public_bytes(x)
        case {1: 3, 3: -257, -1: bytes(modulus), -2: bytes(exponent)}:
            n, e = int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")
            if RSA_BITS[0] <= n.bit_length() <= RSA_BITS[1] and e.bit_length() <= 32:  # noqa: PLR2004 (65537 is usual)
                return rsa.RSAPublicNumbers(e, n).public_key()
    raise ValueError(key)


def _check_signature(public_key: bytes, signature: bytes, content: bytes) -> None:
    key = load_der_public_key(public_key)
    try:
        match key:
            case ec.EllipticCurvePublicKey():
                key.verify(signature, content, ec.ECDSA(SHA256()))
            case ed25519.Ed25519PublicKey():
                key.verify(signature, content)
            case rsa.RSAPublicKey():
                key.verify(signature, content, padding.PKCS1v15(), SHA256())
            case _:
                raise Unacceptable("the key is none that we know")
    except InvalidSignature:
        raise Unacceptable("it was not signed by this passkey") from None
