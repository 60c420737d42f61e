"""Whether Candor can do its work: each thing that it depends on, by name, in words."""

import asyncio
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import sqlalchemy as sa
import structlog

from signaling.errors import Unavailable
from signaling.store import Store
from signaling.supervisor import ChildState, Supervisor

# Less than this and the next backup or upload fills the disk.
LEAST_DISK_BYTES = 256 << 20
STORE_ANSWERS_WITHIN_S = 3.0

log = structlog.get_logger()


class Check(msgspec.Struct, frozen=True):
    """One dependency: does it work, and what is to be said of it."""

    name: str
    ok: bool
    detail: str
    needed: bool = True
    """False for what Candor works without: it is degraded then, and ready."""


class Health:
    """Asks every dependency."""

    def __init__(
        self,
        store: Store,
        data: Path,
        supervisor: Supervisor,
        off: Callable[[], Mapping[str, str]],
    ) -> None:
        """`off` names the signals of detection that are off, and why."""
        self._store = store
        self._data = data
        self._supervisor = supervisor
        self._off = off
        self.draining = False

    async def checks(self) -> list[Check]:
        return [
            Check("accepting", not self.draining, "draining" if self.draining else "open"),
            await self._check_store(),
            check_disk(self._data),
            *self._check_children(),
            *(Check(f"signal {name}", False, why, False) for name, why in self._off().items()),
        ]

    async def _check_store(self) -> Check:
        try:
            async with asyncio.timeout(STORE_ANSWERS_WITHIN_S):
                await self._store.read(lambda connection: connection.execute(sa.select(1)).all())
        except TimeoutError:
            return Check("store", False, f"no answer in {STORE_ANSWERS_WITHIN_S:.0f} s")
        except Unavailable as error:
            # Anybody may ask for readiness; what the database said is for the log.
            log.warning("health.store", reason=error.reason)
            return Check("store", False, "does not answer")
        return Check("store", True, f"{self._store.pending()} writes pending")

    async def wait_for_children(self) -> None:
        """Return as soon as every child runs that is needed."""
        await self._supervisor.wait_running()

    def children(self) -> tuple[ChildState, ...]:
        return self._supervisor.state()

    def _check_children(self) -> list[Check]:
        return [
            Check(f"child {child.name}", child.state == "running", child.state, child.needed)
            for child in self.children()
        ]


def check_disk(folder: Path) -> Check:
    """True while the disk has room for what comes."""
    free = shutil.disk_usage(folder).free
    return Check("disk", free >= LEAST_DISK_BYTES, f"{free >> 20} MiB free")
