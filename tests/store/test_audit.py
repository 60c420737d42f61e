"""The audit log: its chain as values, and as rows that many write at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import count

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from signaling.audit import GENESIS, Act, Entry, first_fault, link
from signaling.store import Store, audit
from signaling.store.schema import audit as audit_table
from signaling.store.schema import audit_head
from tests.store.rows import NOW, act, at_once

Tampering = Callable[[list[Entry], int], None]

moments = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9000, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]),
)
chains = st.lists(st.tuples(moments, st.builds(Act, *[st.text()] * 5)), min_size=1, max_size=8)


def chained(acts: list[tuple[datetime, Act]]) -> list[Entry]:
    entries: list[Entry] = []
    for number, (at, done) in enumerate(acts, 1):
        entries.append(link(number, at, done, entries[-1].hash if entries else GENESIS))
    return entries


def head_of(entries: list[Entry]) -> tuple[int, str]:
    return (entries[-1].sequence, entries[-1].hash) if entries else (0, GENESIS)


def change_act(entries: list[Entry], at: int) -> None:
    entries[at] = replace(
        entries[at], act=replace(entries[at].act, actor=entries[at].act.actor + "x")
    )


def change_moment(entries: list[Entry], at: int) -> None:
    entries[at] = replace(entries[at], at=entries[at].at + timedelta(microseconds=1))


def rewrite(entries: list[Entry], at: int) -> None:
    """Changed with a hash that fits, as somebody would who knows how it is made."""
    old = entries[at]
    entries[at] = link(old.sequence, old.at + timedelta(hours=1), old.act, old.previous)


def remove(entries: list[Entry], at: int) -> None:
    del entries[at]


def repeat(entries: list[Entry], at: int) -> None:
    entries.insert(at, entries[at])


def insert(entries: list[Entry], at: int) -> None:
    entries.insert(at, link(at + 1, NOW, act("forged"), entries[at].previous))


def cut(entries: list[Entry], at: int) -> None:
    del entries[at:]


@given(chains)
def test_an_untouched_chain_holds(acts: list[tuple[datetime, Act]]) -> None:
    entries = chained(acts)
    assert first_fault(entries, head_of(entries)) is None


@given(chains, st.data())
@pytest.mark.parametrize(
    "tamper", [change_act, change_moment, rewrite, remove, repeat, insert, cut]
)
def test_whatever_is_done_to_a_chain_shows(
    tamper: Tampering, acts: list[tuple[datetime, Act]], data: st.DataObject
) -> None:
    entries = chained(acts)
    head = head_of(entries)
    tamper(entries, data.draw(st.integers(0, len(entries) - 1)))
    assert first_fault(entries, head) is not None


@given(moments)
def test_a_moment_proves_the_same_in_whatever_zone_it_is_told(at: datetime) -> None:
    assert link(1, at, act(), GENESIS).hash == link(1, at.astimezone(UTC), act(), GENESIS).hash


def test_the_words_of_a_fault_name_the_entry() -> None:
    entries = chained([(NOW, act(str(number))) for number in range(4)])
    head = head_of(entries)
    found = {}
    for tamper in (change_act, rewrite, remove, cut):
        tampered = list(entries)
        tamper(tampered, 1)
        found[tamper] = first_fault(tampered, head)
    assert found == {
        change_act: "entry 2 was changed after it was written",
        rewrite: "entry 3 does not follow the one before it",
        remove: "entry 2 is missing (the next is 3)",
        cut: "its end is missing: the head is entry 4, the last one is 1",
    }


async def test_an_empty_log_holds(store: Store) -> None:
    assert await store.read(audit.first_fault_of) is None
    assert await store.read(audit.head) == (0, GENESIS)


async def test_entries_are_read_as_they_were_written_newest_first(store: Store) -> None:
    written = [
        await store.write(lambda c, n=n: audit.record(c, act(f"ü{n}", number=n), NOW))
        for n in range(5)
    ]
    assert await store.read(lambda c: audit.page(c, None, 3)) == written[:1:-1]
    assert await store.read(lambda c: audit.page(c, 3, 10)) == written[1::-1]
    assert await store.read(lambda c: list(audit.chain(c))) == written
    assert await store.read(lambda c: audit.holds(c, written[2].hash))
    assert not await store.read(lambda c: audit.holds(c, "0" * 63 + "1"))


async def test_the_chain_holds_with_two_hundred_writers_at_once(store: Store) -> None:
    numbers = count()
    results = await at_once(
        store, 200, lambda c: audit.record(c, act(str(next(numbers))), NOW).sequence
    )
    assert sorted(results) == list(range(1, 201))
    assert await store.read(audit.first_fault_of) is None
    assert (await store.read(audit.head))[0] == 200


async def test_an_act_that_is_undone_leaves_no_entry(store: Store) -> None:
    def fail(connection: sa.Connection) -> None:
        audit.record(connection, act(), NOW)
        raise LookupError("after all, no")

    with pytest.raises(LookupError):
        await store.write(fail)
    assert await store.read(audit.head) == (0, GENESIS)
    assert await store.read(lambda c: audit.page(c, None, 10)) == []


async def with_entries(store: Store, number: int = 6) -> Store:
    for subject in range(number):
        await store.write(lambda c, s=str(subject): audit.record(c, act(s), NOW))
    return store


FORGED = (
    "INTO audit (sequence, at, actor, action, subject, address, detail, previous, hash) "
    "VALUES ({sequence}, 0, 'forged', '', '', '', '{{}}', '', '')"
)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'somebody else'",
        "UPDATE audit SET actor = 'somebody else' WHERE sequence = 3",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE sequence = 6",
        f"INSERT {FORGED.format(sequence=3)} ON CONFLICT (sequence) DO UPDATE SET actor = 'x'",
    ],
)
async def test_the_database_refuses_to_rewrite_the_log(store: Store, statement: str) -> None:
    await with_entries(store)
    with pytest.raises(DBAPIError, match="append-only"):
        await store.write(lambda c: c.execute(sa.text(statement)))
    assert await store.read(audit.first_fault_of) is None
    await store.write(lambda c: audit.record(c, act("goes on"), NOW))


async def test_sqlite_replaces_no_entry_and_postgresql_truncates_none(store: Store) -> None:
    await with_entries(store)
    dialect = await store.read(lambda c: c.dialect.name)
    statement = {
        "sqlite": f"REPLACE {FORGED.format(sequence=3)}",
        "postgresql": "TRUNCATE audit",
    }[dialect]
    with pytest.raises(DBAPIError, match="append-only"):
        await store.write(lambda c: c.execute(sa.text(statement)))
    assert await store.read(audit.first_fault_of) is None


def drop_triggers(connection: sa.Connection) -> None:
    """As somebody does who owns the database."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("DROP TRIGGER audit_no_change ON audit"))
        return
    names = connection.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
    for name in names.scalars().all():
        connection.execute(sa.text(f"DROP TRIGGER {name}"))


@pytest.mark.parametrize(
    ("tampering", "fault"),
    [
        (["UPDATE audit SET actor = 'x' WHERE sequence = 3"], "entry 3 was changed"),
        (["UPDATE audit SET at = at + 1 WHERE sequence = 1"], "entry 1 was changed"),
        (["UPDATE audit SET detail = '{ }' WHERE sequence = 6"], "entry 6 was changed"),
        (["UPDATE audit SET hash = previous WHERE sequence = 3"], "entry 3 was changed"),
        (["UPDATE audit SET previous = hash WHERE sequence = 3"], "entry 3 does not follow"),
        (["DELETE FROM audit WHERE sequence = 3"], "entry 3 is missing"),
        (["DELETE FROM audit WHERE sequence = 1"], "entry 1 is missing"),
        (["DELETE FROM audit WHERE sequence >= 5"], "its end is missing"),
        (["DELETE FROM audit"], "its end is missing"),
        ([f"INSERT {FORGED.format(sequence=7)}"], "entry 7 does not follow"),
        ([f"INSERT {FORGED.format(sequence=0)}"], "entry 1 is missing"),
        (
            [
                "UPDATE audit SET sequence = sequence + 100 WHERE sequence >= 3",
                "UPDATE audit SET sequence = sequence - 99 WHERE sequence >= 100",
                f"INSERT {FORGED.format(sequence=3)}",
            ],
            "entry 3 does not follow",
        ),
        (["DELETE FROM audit_head"], "its end is missing"),
    ],
)
async def test_tampering_without_the_trigger_is_found(
    store: Store, tampering: list[str], fault: str
) -> None:
    await with_entries(store)

    def tamper(connection: sa.Connection) -> None:
        drop_triggers(connection)
        for statement in tampering:
            connection.execute(sa.text(statement))

    await store.write(tamper)
    assert (await store.read(audit.first_fault_of) or "").startswith(fault)


async def test_a_cut_tail_with_a_forged_head_shows_against_a_noted_hash(store: Store) -> None:
    await with_entries(store)
    _, noted = await store.read(audit.head)

    def tamper(connection: sa.Connection) -> None:
        drop_triggers(connection)
        connection.execute(audit_table.delete().where(audit_table.c.sequence == 6))
        last = audit.page(connection, None, 1)[0]
        connection.execute(audit_head.update().values(sequence=5, hash=last.hash))

    await store.write(tamper)
    assert await store.read(audit.first_fault_of) is None
    assert not await store.read(lambda c: audit.holds(c, noted))
