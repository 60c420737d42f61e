"""Accounts, their pictures and their presence."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from signaling.store import Store, users
from signaling.store.users import NameTaken, Seen
from tests.store.rows import LATER, NOW, at_once, put_user, user


async def test_a_user_is_read_as_it_was_written(store: Store) -> None:
    made = await put_user(
        store,
        name="名前 \u0301",
        password_hash="$argon2id$",
        bio="two\nlines",
        expires_at=LATER,
        banned_at=NOW,
        ban_reason="spam",
    )
    assert await store.read(lambda c: users.by_id(c, "u1")) == made
    assert await store.read(lambda c: users.by_name_key(c, "u1")) == made
    assert await store.read(lambda c: users.by_id(c, "nobody")) is None


async def test_of_many_who_want_a_name_exactly_one_gets_it(store: Store) -> None:
    numbers = iter(range(1000))

    def register(connection: object) -> str:
        made = user(f"u{next(numbers)}", name_key="anna")
        users.add(connection, made)
        return made.id

    results = await at_once(store, 40, register)
    winners = [result for result in results if isinstance(result, str)]
    assert len(winners) == 1
    assert sum(isinstance(result, NameTaken) for result in results) == 39
    everybody = await store.read(lambda c: users.page(c, "", 100))
    assert [found.id for found in everybody] == winners


async def test_guests_need_no_name_of_their_own(store: Store) -> None:
    await put_user(store, "g1", role="guest", name="Guest", name_key=None)
    await put_user(store, "g2", role="guest", name="Guest", name_key=None)
    assert len(await store.read(lambda c: users.page(c, "", 100))) == 2


async def test_pages_follow_each_other_without_hole_or_overlap(store: Store) -> None:
    for number in range(5):
        await put_user(store, f"u{number}")
    found, after = [], ""
    while page := await store.read(lambda c, after=after: users.page(c, after, 2)):
        found += [one.id for one in page]
        after = page[-1].id
    assert found == ["u0", "u1", "u2", "u3", "u4"]


async def test_a_change_touches_one_user_and_the_named_columns(store: Store) -> None:
    await put_user(store, "u1", nickname="old", bio="kept")
    other = await put_user(store, "u2")
    await store.write(lambda c: users.change(c, "u1", {"nickname": "new"}))
    await store.write(lambda c: users.change(c, "u1", {}))
    changed = await store.read(lambda c: users.by_id(c, "u1"))
    assert (changed.nickname, changed.bio) == ("new", "kept")
    assert await store.read(lambda c: users.by_id(c, "u2")) == other


@pytest.mark.parametrize(
    ("column", "value"),
    [("role", "king"), ("membership", "gold"), ("theme_mode", "loud"), ("name", None)],
)
async def test_the_database_itself_refuses_what_no_user_can_be(
    store: Store, column: str, value: str | None
) -> None:
    await put_user(store)
    with pytest.raises(IntegrityError):
        await store.write(lambda c: users.change(c, "u1", {column: value}))


async def test_an_avatar_is_replaced_and_its_version_grows(store: Store) -> None:
    await put_user(store)
    contents = [bytes(range(256)), b"\x00second"]
    versions = [
        await store.write(lambda c, content=content: users.set_avatar(c, "u1", "image/x", content))
        for content in contents
    ]
    assert versions == [1, 2]
    assert await store.read(lambda c: users.avatar(c, "u1")) == ("image/x", contents[1])
    await store.write(lambda c: users.remove_avatar(c, "u1"))
    assert await store.read(lambda c: users.avatar(c, "u1")) is None
    assert (await store.read(lambda c: users.by_id(c, "u1"))).avatar_version == 0


async def test_presence_keeps_what_somebody_chose_until_they_choose_again(store: Store) -> None:
    await put_user(store)
    steps = [
        (None, "online"),
        ("busy", "busy"),
        (None, "busy"),
        ("away", "away"),
        ("offline", "offline"),
        (None, "online"),
    ]
    for number, (chosen, expected) in enumerate(steps):
        now = NOW + timedelta(seconds=number)
        await store.write(lambda c, s=chosen, n=now: users.note_seen(c, "u1", s, n))
        assert await store.read(lambda c: users.seen(c, "u1")) == Seen(expected, now)
    assert await store.read(lambda c: users.seen(c, "nobody")) is None


async def test_presence_of_nobody_is_refused(store: Store) -> None:
    with pytest.raises(IntegrityError):
        await store.write(lambda c: users.note_seen(c, "nobody", None, NOW))
