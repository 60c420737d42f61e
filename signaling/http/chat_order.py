"""Order in a chat: its rules, legal hold, complaints, blocked people, and a copy to take away."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from signaling import addresses
from signaling.addresses import Address
from signaling.chat import Chat
from signaling.chat.export import Span
from signaling.chat.order import Decided
from signaling.http import fields
from signaling.http.call import NOTHING, Allow, Answer, Call, Handler, Outgoing, Route
from signaling.store.chat_rules import Rules
from signaling.store.reports import Report

Days = Annotated[int, Meta(ge=1, le=36_500)]


class RulesWanted(fields.Body, frozen=True):
    """What to change; null days keep for good."""

    slow_mode_s: Annotated[int, Meta(ge=0, le=86_400)] | UnsetType = UNSET
    read_only: bool | UnsetType = UNSET
    keep_days: Days | UnsetType | None = UNSET
    keep_files_days: Days | UnsetType | None = UNSET


class RulesShown(msgspec.Struct, frozen=True):
    """What the room's chat is under; `held` is shown to operators only."""

    slow_mode_s: int
    read_only: bool
    keep_days: int | None
    keep_files_days: int | None
    held: bool | None


class HoldWanted(fields.Body, frozen=True):
    """Whether nothing of the room may be forgotten."""

    on: bool


class Complaint(fields.Body, frozen=True):
    """What is wrong with the message."""

    reason: fields.Reason


class Decision(fields.Body, frozen=True):
    """What came of it; `delete` takes the message away with it."""

    outcome: Literal["upheld", "dismissed"]
    delete: bool = False


class ReportShown(msgspec.Struct, frozen=True):
    """A complaint, with what the message said then."""

    id: str
    room: str
    message: str
    sender: str
    text: str
    reported_by: str
    reason: str
    reported_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None


class ReportPage(msgspec.Struct, frozen=True):
    """Complaints, newest first."""

    reports: list[ReportShown]
    next: str | None


class ReportsWanted(fields.Page, frozen=True, forbid_unknown_fields=True):
    """Of which room, for its moderators; operators may leave it out."""

    room_id: fields.RoomId = ""
    closed: bool = False


class BlockedShown(msgspec.Struct, frozen=True):
    """Somebody whom one has blocked."""

    user: str
    blocked_at: datetime


class BlockedList(msgspec.Struct, frozen=True):
    """Whom one has blocked, newest first."""

    blocked: list[BlockedShown]


class ExportWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As what, and of when; `held` with what was deleted under legal hold, for operators."""

    format: Literal["json", "html"] = "json"
    since: fields.UtcMoment | None = None
    until: fields.UtcMoment | None = None
    held: bool = False


class OrderRoutes:
    """Thin over Chat."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def routes(self) -> tuple[Route, ...]:
        rules, hold = addresses.API_CHAT_ROOM_RULES, addresses.API_CHAT_ROOM_HOLD
        block, reports = addresses.API_CHAT_BLOCK, addresses.API_CHAT_REPORTS
        complain = addresses.API_CHAT_MESSAGE_REPORT
        return (
            Route(
                "GET",
                rules,
                self.show_rules,
                "What the room's chat is under",
                Allow.GUEST,
                answer=RulesShown,
                refusals=("not_found", "forbidden"),
            ),
            Route(
                "PATCH",
                rules,
                self.set_rules,
                "Slow mode, read-only, and how long messages are kept",
                Allow.GUEST,
                body=RulesWanted,
                answer=RulesShown,
                refusals=("not_found", "forbidden"),
            ),
            Route(
                "PUT",
                hold,
                self.hold,
                "Forget nothing of a room, or let it be forgotten again",
                Allow.OPERATOR,
                body=HoldWanted,
                status=204,
                refusals=("not_found",),
            ),
            _do("POST", complain, self.report, "Report a message", Complaint),
            Route(
                "GET",
                reports,
                self.list_reports,
                "Reported messages of a room",
                Allow.GUEST,
                query=ReportsWanted,
                answer=ReportPage,
                refusals=("not_found", "forbidden"),
            ),
            Route(
                "PUT",
                addresses.API_CHAT_REPORT,
                self.close_report,
                "Decide about a report",
                Allow.GUEST,
                body=Decision,
                answer=ReportShown,
                refusals=("not_found", "forbidden"),
            ),
            Route(
                "GET",
                addresses.API_CHAT_BLOCKS,
                self.list_blocked,
                "Whom one has blocked",
                Allow.GUEST,
                answer=BlockedList,
            ),
            _do("PUT", block, self.block, "Take no direct messages from somebody"),
            _do("DELETE", block, self.unblock, "Take them again"),
            Route(
                "GET",
                addresses.API_CHAT_ROOM_EXPORT,
                self.export,
                "A conversation to take away, as JSON or as one HTML page with its files",
                Allow.GUEST,
                query=ExportWanted,
                answer=Outgoing,
                refusals=("not_found", "forbidden"),
            ),
        )

    async def show_rules(self, call: Call) -> Answer:
        rules = await self._chat.order.rules(call.person, call.path["room"])
        return _rules(call, rules)

    async def set_rules(self, call: Call) -> Answer:
        wanted: dict[str, Any] = {
            name: value
            for name, value in msgspec.structs.asdict(call.body).items()
            if value is not UNSET
        }
        rules = await self._chat.order.set_rules(
            call.person, call.path["room"], wanted, call.device.address
        )
        return _rules(call, rules)

    async def hold(self, call: Call) -> Answer:
        address = call.device.address
        await self._chat.order.hold(call.person, call.path["room"], address, on=call.body.on)
        return NOTHING

    async def report(self, call: Call) -> Answer:
        await self._chat.order.report(call.person, call.path["message"], call.body.reason)
        return NOTHING

    async def list_reports(self, call: Call) -> Answer:
        query: ReportsWanted = call.query
        found = await self._chat.order.reports(
            call.person, query.room_id, query.cursor, query.limit + 1, is_open=not query.closed
        )
        shown = [_report(each) for each in found[: query.limit]]
        return Answer(ReportPage(shown, shown[-1].id if len(found) > query.limit else None))

    async def close_report(self, call: Call) -> Answer:
        decided = Decided(call.body.outcome, call.body.delete)
        found = await self._chat.order.close_report(
            call.person, call.path["report"], decided, call.device.address
        )
        return Answer(_report(found))

    async def list_blocked(self, call: Call) -> Answer:
        found = await self._chat.order.blocked(call.person)
        return Answer(BlockedList([BlockedShown(*each) for each in found]))

    async def block(self, call: Call) -> Answer:
        await self._chat.order.block(call.person, call.path["user"], on=True)
        return NOTHING

    async def unblock(self, call: Call) -> Answer:
        await self._chat.order.block(call.person, call.path["user"], on=False)
        return NOTHING

    async def export(self, call: Call) -> Answer:
        query: ExportWanted = call.query
        room, export = call.path["room"], self._chat.export
        span = Span(query.since, query.until)
        found = await export.conversation(
            call.person, room, span, call.device.address, held=query.held
        )
        as_page = query.format == "html"
        pieces = export.as_page(found) if as_page else export.as_json(found)
        kind = "text/html; charset=utf-8" if as_page else "application/json; charset=utf-8"
        # The security headers of every answer hold as well: sandboxed, and nothing may be loaded.
        name = {"Content-Disposition": f'attachment; filename="{room}.{query.format}"'}
        return Answer(Outgoing(kind, None, pieces), headers=name)


def _do(
    method: str,
    address: Address,
    handle: Handler,
    summary: str,
    body: type[msgspec.Struct] | None = None,
) -> Route:
    return Route(
        method,
        address,
        handle,
        summary,
        Allow.GUEST,
        body=body,
        status=204,
        refusals=("not_found", "message_gone"),
    )


def _rules(call: Call, rules: Rules) -> Answer:
    held = rules.held_at is not None if call.person.at_least("operator") else None
    return Answer(
        RulesShown(
            slow_mode_s=rules.slow_mode_s,
            read_only=rules.read_only,
            keep_days=rules.keep_days,
            keep_files_days=rules.keep_files_days,
            held=held,
        )
    )


def _report(report: Report) -> ReportShown:
    return ReportShown(
        id=report.id,
        room=report.room_id,
        message=report.message_id,
        sender=report.sender,
        text=report.text,
        reported_by=report.reported_by,
        reason=report.reason,
        reported_at=report.reported_at,
        closed_at=report.closed_at,
        closed_by=report.closed_by,
        outcome=report.outcome,
    )
