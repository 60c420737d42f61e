"""Who and what is called so: for searches by a few words, in whatever case they are written."""

import sqlalchemy as sa

from signaling.store.schema import rooms, users


def people_named(words: str) -> sa.Select[tuple[str]]:
    """Users with these words in what they are called."""
    return sa.select(users.c.id).where(_says(users.c.name, words) | _says(users.c.nickname, words))


def people_beginning(words: str, key: str) -> sa.ColumnElement[bool]:
    """Whose account's name looks like this at its beginning, or whose shown name begins so."""
    return users.c.name_key.startswith(key, autoescape=True) | users.c.nickname.istartswith(
        words, autoescape=True
    )


def rooms_named(words: str) -> sa.Select[tuple[str]]:
    """Rooms with these words in their title or identifier."""
    return sa.select(rooms.c.id).where(_says(rooms.c.id, words) | _says(rooms.c.title, words))


def _says(column: sa.Column[str], words: str) -> sa.ColumnElement[bool]:
    return column.icontains(words, autoescape=True)
