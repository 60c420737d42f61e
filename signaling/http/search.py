"""Search over one's rooms."""

from typing import Annotated

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.chat import Chat
from signaling.errors import Refused
from signaling.http import chat_shown, fields
from signaling.http.call import Allow, Answer, Call, Route
from signaling.store.messages import Wanted

LARGEST_NUMBER = 2**63 - 1


class HitShown(msgspec.Struct, frozen=True):
    """A message, and the part of it that shows why it was found."""

    message: chat_shown.MessageShown
    snippet: str


class HitPage(msgspec.Struct, frozen=True):
    """What was found, newest first; `next` is the cursor of the following page."""

    hits: list[HitShown]
    next: str | None


class SearchWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to look for, and where; what is left out does not matter."""

    q: Annotated[str, Meta(min_length=1, max_length=200)]
    room_id: fields.RoomId = ""
    sender: fields.Id = ""
    kind: chat_shown.Kind | None = None
    since: fields.UtcMoment | None = None
    until: fields.UtcMoment | None = None
    cursor: Annotated[str, Meta(max_length=19, pattern=r"^[0-9]*$(?!\n)")] = ""
    limit: fields.Limit = 20


class SearchRoutes:
    """Thin over Chat."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_CHAT_SEARCH,
                self.find,
                "Search what was said in one's rooms",
                Allow.GUEST,
                query=SearchWanted,
                answer=HitPage,
                refusals=("not_found", "forbidden"),
            ),
        )

    async def find(self, call: Call) -> Answer:
        query: SearchWanted = call.query
        wanted = Wanted(
            room_id=query.room_id,
            sender=query.sender,
            kind=query.kind or "",
            since=query.since,
            until=query.until,
        )
        before = int(query.cursor) if query.cursor else None
        if before is not None and before > LARGEST_NUMBER:
            raise Refused("invalid", "cursor: it is none of ours.")
        found = await self._chat.search.find(call.person, query.q, wanted, before, query.limit)
        hits = [HitShown(chat_shown.message(each.message), each.snippet) for each in found.hits]
        following = None if found.following is None else str(found.following)
        return Answer(HitPage(hits, following))
