"""The schema: made by migrations, equal to what the code says, whole after every accident."""

import asyncio
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from signaling.store import inspect_store, migrate, open_store
from signaling.store.migrate import StoreTooNew
from signaling.store.schema import metadata
from tests.store.conftest import ENGINES, NewDatabase
from tests.store.rows import everything, fill


@pytest.fixture(params=ENGINES)
async def url(request: pytest.FixtureRequest, new_database: NewDatabase) -> str:
    """A database of each kind in turn, with nothing in it at all."""
    return await new_database(request.param)


def differences(connection: sa.Connection) -> list[Any]:
    # On SQLite, Alembic takes an empty default for another one; the test below knows better.
    options = {
        "compare_server_default": connection.dialect.name != "sqlite",
        # Full-text indexes are of each engine's own kind; tests/store/test_messages.py uses them.
        "include_object": lambda _, name, *__: not (name or "").startswith("message_index"),
    }
    return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)


def spelled(found: Mapping[str, Any]) -> str:
    """What an inspector tells of one thing, the conditions of partial indexes in words."""
    options = {name: str(value) for name, value in found.get("dialect_options", {}).items()}
    return str({**found, "dialect_options": options})


def tables(connection: sa.Connection) -> list[str]:
    return sa.inspect(connection).get_table_names()


async def test_the_migrations_make_the_schema_that_the_code_knows(url: str) -> None:
    async with open_store(url) as store:
        assert await store.read(differences) == []
        assert await store.read(migrate.current) == migrate.newest()


def test_steps_are_named_by_their_revisions_in_their_order() -> None:
    run = [step.revision for step in ScriptDirectory(str(migrate.STEPS)).walk_revisions()]
    assert migrate.steps() == run[::-1]


async def test_the_comparison_sees_a_difference(url: str) -> None:
    async with open_store(url) as store:
        await store.write(lambda c: c.execute(sa.text("ALTER TABLE users ADD COLUMN extra TEXT")))
        assert await store.read(differences) != []


async def test_the_migrations_make_every_default_and_check_that_the_code_knows(
    sqlite_url: str,
) -> None:
    """Alembic compares no CHECK constraints, and no names."""

    def details(connection: sa.Connection) -> dict[str, list[Any]]:
        inspector = sa.inspect(connection)
        looks = (
            inspector.get_columns,
            inspector.get_check_constraints,
            inspector.get_foreign_keys,
            inspector.get_unique_constraints,
            inspector.get_indexes,
        )
        return {
            f"{table} {look.__name__}": sorted(map(spelled, look(table)))
            for table in metadata.tables
            for look in looks
        } | {f"{table} key": [str(inspector.get_pk_constraint(table))] for table in metadata.tables}

    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        expected = details(connection)
    engine.dispose()
    async with open_store(sqlite_url) as store:
        assert await store.read(details) == expected
    assert "ck_users_role" in str(expected["users get_check_constraints"])


async def test_opening_again_changes_nothing(url: str) -> None:
    async with open_store(url) as store:
        await fill(store)
        before = await store.read(everything)
    async with open_store(url) as store:
        assert await store.read(everything) == before


async def test_many_who_start_at_once_migrate_once(url: str) -> None:
    async def start() -> str | None:
        async with open_store(url) as store:
            return await store.read(migrate.current)

    assert await asyncio.gather(*(start() for _ in range(4))) == [migrate.newest()] * 4


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(url: str) -> None:
    newer = sa.text("UPDATE alembic_version SET version_num = '9999'")
    async with open_store(url) as store:
        await fill(store)
        before = await store.read(everything)
        await store.write(lambda c: c.execute(newer))
    with pytest.raises(StoreTooNew, match=r"schema 9999.*newer Candor"):
        async with open_store(url):
            pytest.fail("it opened")
    assert await inspect_store(url, everything) == before
    assert await inspect_store(url, migrate.current) == "9999"


@pytest.mark.parametrize("fatal", [1, 2, 9, 20, 21])
async def test_a_migration_that_is_killed_half_way_completes_at_the_next_start(
    url: str, fatal: int
) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.store.migrating_child", url, str(fatal)
    )
    assert await child.wait() == -signal.SIGKILL
    assert await inspect_store(url, tables) == []
    async with open_store(url) as store:
        assert await store.read(differences) == []
        await fill(store)


@pytest.fixture
def second_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version of Candor with one more step, which rebuilds the table that all others point to."""
    steps = tmp_path / "migrations"
    shutil.copytree(migrate.STEPS, steps, ignore=shutil.ignore_patterns("__pycache__"))
    newest = ScriptDirectory(str(steps)).get_current_head()
    (steps / "versions" / "0999_rebuild.py").write_text(
        f"""
import sqlalchemy as sa
from alembic import op

revision, down_revision = "0999", "{newest}"


def upgrade():
    with op.batch_alter_table("users", recreate="auto") as users:
        users.alter_column("bio", existing_type=sa.Text(), nullable=True)
        users.add_column(sa.Column("pronouns", sa.Text()))
"""
    )
    monkeypatch.setattr(migrate, "STEPS", steps)


async def test_a_step_that_rebuilds_a_table_loses_nothing_that_points_to_it(
    url: str, request: pytest.FixtureRequest
) -> None:
    async with open_store(url) as store:
        await fill(store)
        before = await store.read(everything)
    request.getfixturevalue("second_step")
    async with open_store(url) as store:
        assert await store.read(migrate.current) == "0999"
        assert await store.read(everything) == before
        with pytest.raises(sa.exc.IntegrityError):  # foreign keys count again
            await store.write(
                lambda c: c.execute(
                    metadata.tables["avatars"].insert(),
                    {"user_id": "nobody", "media_type": "", "content": b""},
                )
            )
