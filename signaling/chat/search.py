"""Search: what was said in one's rooms, found by words in whatever script."""

from dataclasses import dataclass

import sqlalchemy as sa

from signaling.auth.identity import Person
from signaling.chat import standing, words
from signaling.errors import Refused
from signaling.store import Store, search
from signaling.store.messages import Message, Wanted
from signaling.store.search import Terms


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found, and the part of it that shows why."""

    message: Message
    snippet: str


@dataclass(frozen=True, slots=True)
class Hits:
    """A page of them, newest first; `following` is where the next one begins."""

    hits: list[Hit]
    following: int | None


class Search:
    """The service."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(
        self, who: Person, query: str, wanted: Wanted, before: int | None, limit: int
    ) -> Hits:
        """Messages that hold all of what is asked, in one's rooms or in one of them."""
        phrases = words.asked(query)
        if not phrases:
            raise Refused("invalid", "q: there is no word in it.")

        def work(connection: sa.Connection) -> Hits:
            if wanted.room_id:
                standing.reading(connection, who, wanted.room_id)
                room_ids = [wanted.room_id]
            else:
                room_ids = search.rooms_of(connection, who.user.id)
            few = len(room_ids) <= search.MOST_ROOMS_NAMED
            terms = Terms(
                [(each.words, each.open_ended) for each in phrases],
                list(map(words.room_word, room_ids)) if few else [],
            )
            if not room_ids:
                return Hits([], None)
            found = search.find(connection, terms, room_ids, wanted, before=before, limit=limit + 1)
            hits = [Hit(each, _snippet(each, query)) for _, each in found[:limit]]
            return Hits(hits, found[limit - 1][0] if len(found) > limit else None)

        return await self._store.read(work)


def _snippet(message: Message, query: str) -> str:
    name = (message.file or {}).get("name", "")
    return words.snippet(f"{message.text} {name}".strip(), query)
