"""A store on each engine: SQLite always, PostgreSQL if CANDOR_TEST_POSTGRES says where.

The address names a role that may create databases; each test gets one of its own, as a copy of
one that was migrated once.
"""

import asyncio
import os
import shutil
import subprocess
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from signaling.store import Store, open_store
from tests.conftest import migrated

POSTGRES = os.environ.get("CANDOR_TEST_POSTGRES", "")
ENGINES = ["sqlite", "postgres"] if POSTGRES else ["sqlite"]

NewDatabase = Callable[[str], Awaitable[str]]


@asynccontextmanager
async def postgres_database(template: str = "template0") -> AsyncIterator[str]:
    """The address of a copy of a database, dropped afterwards."""
    import asyncpg

    name = f"candor_test_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(POSTGRES)
    try:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
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


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[str]:
    """The name of a database with today's schema and nothing in it."""
    with asyncio.Runner() as runner:
        opened = postgres_database()
        url = runner.run(opened.__aenter__())
        runner.run(migrated(url))
        yield str(sa.make_url(url).database)
        runner.run(opened.__aexit__(None, None, None))


@pytest.fixture
async def migrated_postgres(postgres_template: str) -> AsyncIterator[str]:
    async with postgres_database(postgres_template) as url:
        yield url


@pytest.fixture
def migrated_sqlite(migrated_file: Path, sqlite_url: str) -> str:
    shutil.copy(migrated_file, str(sa.make_url(sqlite_url).database))
    return sqlite_url


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest) -> str:
    """A database of each kind in turn, with today's schema and nothing in it."""
    return str(request.getfixturevalue(f"migrated_{request.param}"))


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
