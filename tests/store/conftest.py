"""A store on each engine: SQLite always, PostgreSQL if CANDOR_TEST_POSTGRES says where.

The address names a role that may create databases; each test gets one of its own.
"""

import os
import subprocess
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from signaling.store import Store, open_store

POSTGRES = os.environ.get("CANDOR_TEST_POSTGRES", "")
ENGINES = ["sqlite", "postgres"] if POSTGRES else ["sqlite"]

NewDatabase = Callable[[str], Awaitable[str]]


@asynccontextmanager
async def postgres_database() -> AsyncIterator[str]:
    """The address of an empty database, dropped afterwards."""
    import asyncpg

    name = f"candor_test_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(POSTGRES)
    try:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            yield sa.make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
        finally:
            # Without FORCE, which may not end the server's own vacuum; this waits for it instead.
            await connection.execute(f'DROP DATABASE "{name}"')
    finally:
        await connection.close()


@pytest.fixture
async def new_database(tmp_path: Path) -> AsyncIterator[NewDatabase]:
    """Makes empty databases of either kind and gives their addresses."""
    async with AsyncExitStack() as stack:

        async def make(kind: str) -> str:
            if kind == "postgres":
                return await stack.enter_async_context(postgres_database())
            return f"sqlite:///{tmp_path / uuid.uuid4().hex}.db"

        yield make


@pytest.fixture(params=ENGINES)
async def url(request: pytest.FixtureRequest, new_database: NewDatabase) -> str:
    """An empty database of each kind in turn."""
    return await new_database(request.param)


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url) as opened:
        yield opened


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'candor.db'}"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 8 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "none", folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small disk here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
