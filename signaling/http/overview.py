"""What operators look over: everybody's calls."""

from signaling import addresses
from signaling.http.call import Allow, Answer, Call, Route
from signaling.http.calls import CallPage, HistoryWanted, call_page, filter_of
from signaling.overview import Overview


class OverviewRoutes:
    """Thin over Overview."""

    def __init__(self, overview: Overview) -> None:
        self._overview = overview

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_ALL_CALLS,
                self.list_calls,
                "Everybody's calls, the newest first",
                Allow.OPERATOR,
                query=HistoryWanted,
                answer=CallPage,
            ),
        )

    async def list_calls(self, call: Call) -> Answer:
        query: HistoryWanted = call.query
        found = await self._overview.calls(
            call.person, filter_of(query), query.cursor, query.limit + 1, call.device.address
        )
        return call_page(found, query.limit)
