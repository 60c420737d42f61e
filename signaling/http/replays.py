"""Idempotency keys: the same request with the same key is carried out once.

The first request claims the key, and its answer is kept for a day, sealed, because it may hold
tokens.  Whoever repeats it gets that answer; another request with the same key is refused.  A
request that died with the server frees its key after a minute, and is then carried out again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from signaling.errors import Refused
from signaling.sealing import Seal
from signaling.store import Store, idempotency

ABANDONED = timedelta(minutes=1)
LONGEST_KEY = 128


class KeptAnswer(msgspec.Struct, frozen=True):
    """An answer as it left the server."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Key:
    """Whose key, which, and of what request."""

    scope: str
    key: str
    fingerprint: str


class Replays:
    """The service."""

    def __init__(self, store: Store, seal: Seal, now: Callable[[], datetime]) -> None:
        self._store = store
        self._seal = seal
        self._now = now

    def key_of(self, scope: str, key: str, target: tuple[str, str], body: bytes) -> Key:
        """The key with the request that it stands for; Refused if it is not usable.

        The store keeps a digest of the request that nobody can make without our secret: a plain
        one of a sign-in would let a thief of the database guess passwords without Argon2.
        """
        if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
            raise Refused(
                "bad_request", f"Idempotency-Key: 1 to {LONGEST_KEY} printable characters."
            )
        method, path = target
        content = b"\n".join((method.encode(), path.encode(), body))
        return Key(scope, key, self._seal.digest(content))

    async def once(self, key: Key, carry_out: Callable[[], Awaitable[KeptAnswer]]) -> KeptAnswer:
        """The answer of the first request with this key, carried out now if this is it."""
        earlier = await self._claim(key)
        if earlier is not None:
            return self._replayed(key, earlier)
        try:
            answer = await carry_out()
        except BaseException:
            await self._release(key)
            raise
        sealed = self._seal.close(msgspec.msgpack.encode(answer), key.scope)
        await self._store.write(
            lambda connection: idempotency.keep(connection, key.scope, key.key, sealed)
        )
        return answer

    async def _claim(self, key: Key) -> idempotency.Kept | None:
        now = self._now()
        return await self._store.write(
            lambda connection: idempotency.claim(
                connection,
                key.scope,
                key.key,
                key.fingerprint,
                now=now,
                abandoned_before=now - ABANDONED,
            )
        )

    async def _release(self, key: Key) -> None:
        await self._store.write(
            lambda connection: idempotency.release(connection, key.scope, key.key)
        )

    def _replayed(self, key: Key, earlier: idempotency.Kept) -> KeptAnswer:
        if earlier.fingerprint != key.fingerprint:
            raise Refused("idempotency_mismatch")
        if earlier.answer is None:
            raise Refused("idempotency_in_progress", retry_after_s=1)
        opened = self._seal.open(earlier.answer, key.scope)
        if opened is None:
            raise Refused("idempotency_mismatch", "The key was used before the secret changed.")
        return msgspec.msgpack.decode(opened, type=KeptAnswer)
