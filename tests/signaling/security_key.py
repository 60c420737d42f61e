"""A passkey made of software: what a browser and an authenticator hand over, also when they lie."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from signaling.auth.webauthn import Signed, text_of

ORIGIN = "http://localhost:8080"
OWNER_VERIFIED = 0x05


def written(value: Any) -> bytes:
    """A value in CBOR, as far as authenticators write it."""
    match value:
        case dict():
            return _head(5, len(value)) + b"".join(
                written(key) + written(one) for key, one in value.items()
            )
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
    raise TypeError(value)


def _head(kind: int, count: int) -> bytes:
    if count < 24:
        return bytes([kind << 5 | count])
    return bytes([kind << 5 | 25]) + count.to_bytes(2, "big")


def made(algorithm: int) -> Any:
    """A private key for one of COSE's algorithms."""
    if algorithm == -7:
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == -8:
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 2048)


@dataclass
class SecurityKey:
    """One passkey; what it says can be changed before it says it."""

    algorithm: int = -7
    id: bytes = b"a credential"
    rp_id: str = "localhost"
    flags: int = OWNER_VERIFIED
    count: int = 0
    client: dict[str, Any] = field(default_factory=lambda: {"origin": ORIGIN})

    def __post_init__(self) -> None:
        self.key = made(self.algorithm)

    def client_data(self, kind: str, challenge: bytes) -> bytes:
        said = {"type": kind, "challenge": text_of(challenge), "crossOrigin": False}
        return json.dumps(said | self.client).encode()

    def data(self, flags: int = 0) -> bytes:
        head = hashlib.sha256(self.rp_id.encode()).digest()
        return head + bytes([self.flags | flags]) + self.count.to_bytes(4, "big")

    def cose(self) -> dict[int, Any]:
        public = self.key.public_key()
        if self.algorithm == -8:
            return {1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()}
        numbers = public.public_numbers()
        if self.algorithm == -7:
            x, y = (each.to_bytes(32, "big") for each in (numbers.x, numbers.y))
            return {1: 2, 3: -7, -1: 1, -2: x, -3: y}
        return {1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: b"\x01\x00\x01"}

    def attestation(self) -> bytes:
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + written(self.cose())
        told = {"fmt": "none", "attStmt": {}, "authData": self.data(0x40) + credential}
        return written(told)

    def signed(self, challenge: bytes) -> Signed:
        client_data, data = self.client_data("webauthn.get", challenge), self.data()
        content = data + hashlib.sha256(client_data).digest()
        how = {-7: (ec.ECDSA(SHA256()),), -8: (), -257: (padding.PKCS1v15(), SHA256())}
        return Signed(client_data, data, self.key.sign(content, *how[self.algorithm]))
