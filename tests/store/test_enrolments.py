"""Faces and voices of accounts, as both engines keep them."""

import pytest
import sqlalchemy as sa

from signaling.store import Store, enrolments, forgetting
from signaling.store.enrolment_schema import templates
from signaling.store.enrolments import Enrolment, StoredTemplate
from signaling.store.schema import users
from tests.store.rows import LATER, NOW, count, put, put_user


@pytest.fixture
async def remembering(store: Store) -> Store:
    """A store that remembers one face."""
    await put_user(store)
    await put(
        store,
        lambda c: enrolments.begin(c, Enrolment("u1", "1", NOW)),
        lambda c: enrolments.keep(c, StoredTemplate("u1", "face", b"first", NOW)),
    )
    return store


async def test_a_template_takes_the_place_of_the_one_before_it(remembering: Store) -> None:
    later = StoredTemplate("u1", "face", b"second", LATER)
    await remembering.write(lambda c: enrolments.keep(c, later))
    assert await remembering.read(lambda c: enrolments.templates_of(c, "u1")) == [later]


@pytest.mark.parametrize(
    "act",
    [
        lambda c: enrolments.end(c, "u1"),
        lambda c: enrolments.begin(c, Enrolment("u1", "2", LATER)),
        lambda c: c.execute(sa.delete(users)),
        lambda c: forgetting.forget_person(c, "u1"),
    ],
    ids=["taken back", "agreed anew", "account gone", "forgotten on request"],
)
async def test_what_was_learned_goes(remembering: Store, act) -> None:  # type: ignore[no-untyped-def]
    await remembering.write(act)
    assert await remembering.read(lambda c: count(c, templates)) == 0
