"""Sealing: what the store keeps of somebody else's secrets cannot be read without ours."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12


class Seal:
    """AES-256-GCM under a key made for one purpose from the installation's secret."""

    def __init__(self, secret: str, purpose: str) -> None:
        derive = HKDF(SHA256(), length=32, salt=None, info=purpose.encode())
        self._cipher = AESGCM(derive.derive(secret.encode()))

    def close(self, content: bytes, context: str) -> bytes:
        """Sealed bytes that open only in the same context."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes | None:
        """The content; None if it was sealed otherwise, or changed."""
        try:
            return self._cipher.decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode()
            )
        except (InvalidTag, ValueError):
            return None
