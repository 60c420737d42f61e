"""What a score follows from, as it is stored: compressed, and sealed for that score alone."""

import zlib

import msgspec

from detection import Record, dump, load
from signaling.sealing import Seal
from signaling.store.risk_scores import StoredScore


class Unreadable(Exception):
    """The record is not what was stored, or was sealed with another secret."""


class Records:
    """With the secret of an installation."""

    def __init__(self, secret: str) -> None:
        self._seal = Seal(secret, "risk records")

    def close(self, record: Record, score_id: str) -> bytes:
        return self._seal.close(zlib.compress(dump(record)), score_id)

    def open(self, stored: StoredScore) -> Record:
        """Raises `Unreadable`."""
        opened = self._seal.open(stored.record, stored.id)
        if opened is None:
            raise Unreadable(stored.id)
        try:
            return load(zlib.decompress(opened))
        except (zlib.error, msgspec.MsgspecError) as error:
            raise Unreadable(stored.id) from error
