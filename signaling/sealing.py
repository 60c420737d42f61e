"""Sealing: what the store keeps of somebody else's secrets cannot be read without ours."""

import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12


class Seal:
    """AES-256-GCM under a key made for one purpose from the installation's secret."""

    def __init__(self, secret: str, purpose: str) -> None:
        derive = HKDF(SHA256(), length=64, salt=None, info=purpose.encode())
        keys = derive.derive(secret.encode())
        self._cipher = AESGCM(keys[:32])
        self._digest_key = keys[32:]

    def close(self, content: bytes, context: str) -> bytes:
        """Sealed bytes that open only in the same context."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, context.encode())

    def digest(self, content: bytes) -> str:
        """A digest by which nobody without the secret can check a guess at the content."""
        return hmac.digest(self._digest_key, content, "sha256").hex()

    def open(self, sealed: bytes, context: str) -> bytes | None:
        """The content; None if it was sealed otherwise, or changed."""
        try:
            return self._cipher.decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode()
            )
        except (InvalidTag, ValueError):
            return None
