"""Who and what is called so: for searches by a few words, in whatever case they are written."""

import sqlalchemy as sa

from signaling.store.schema import rooms, users


def people_named(words: str) -> sa.Select[tuple[str]]:
    """Users with these words in what they are called."""
    return sa.select(users.c.id).where(_says(users.c.name, words) | _says(users.c.nickname, words))


def rooms_named(words: str) -> sa.Select[tuple[str]]:
    """Rooms with these words in their title or identifier."""
    return sa.select(rooms.c.id).where(_says(rooms.c.id, words) | _says(rooms.c.title, words))


def _says(column: sa.Column[str], words: str) -> sa.ColumnElement[bool]:
    return column.icontains(words, autoescape=True)
