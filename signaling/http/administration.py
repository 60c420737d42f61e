"""What operators and administrators do: users, bans, roles, the audit log."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.audit import Entry
from signaling.auth.standing import Standing
from signaling.http import fields
from signaling.http.call import NOTHING, Allow, Answer, Call, Route
from signaling.people import People
from signaling.store import Store, audit
from signaling.store.users import User


class Ban(fields.Body, frozen=True):
    """Why an account is closed; its owner is not told, the audit log keeps it."""

    reason: fields.Reason


class RoleChange(fields.Body, frozen=True):
    """The role that an account shall have."""

    role: Literal["caller", "operator", "administrator"]


class MembershipChange(fields.Body, frozen=True):
    """The membership that an account shall have."""

    membership: Literal["basic", "premium", "vip"]


class UserShown(msgspec.Struct, frozen=True):
    """An account or a guest, as operators see it."""

    id: str
    name: str
    nickname: str
    role: str
    membership: str
    created_at: datetime
    banned_at: datetime | None
    ban_reason: str | None


class UserList(msgspec.Struct, frozen=True):
    """A page of users in the order of their arrival."""

    users: list[UserShown]
    next: str | None


class AuditPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of the log: entries before the number `before`, newest first."""

    before: Annotated[int, Meta(ge=1, le=2**62)] | None = None
    limit: fields.Limit = 50


class AuditEntry(msgspec.Struct, frozen=True):
    """One act; `detail` is JSON in text, exactly as it was hashed."""

    sequence: int
    at: datetime
    actor: str
    action: str
    subject: str
    address: str
    detail: str
    previous: str
    hash: str


class AuditLog(msgspec.Struct, frozen=True):
    """A page of the audit log; `next` is `before` of the following page."""

    entries: list[AuditEntry]
    next: int | None


class AdministrationRoutes:
    """Thin over Standing, People and the audit log."""

    def __init__(self, standing: Standing, people: People, store: Store) -> None:
        self._standing = standing
        self._people = people
        self._store = store

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_USERS,
                self.list_users,
                "Everybody, in the order of arrival",
                Allow.OPERATOR,
                query=fields.Page,
                answer=UserList,
            ),
            Route(
                "POST",
                addresses.API_USER_BAN,
                self.ban,
                "Close an account of a lower role; its sessions end at once",
                Allow.OPERATOR,
                body=Ban,
                status=204,
                refusals=("not_found",),
            ),
            Route(
                "DELETE",
                addresses.API_USER_BAN,
                self.unban,
                "Open a closed account again",
                Allow.OPERATOR,
                status=204,
                refusals=("not_found",),
            ),
            Route(
                "PUT",
                addresses.API_USER_ROLE,
                self.set_role,
                "Give an account another role",
                Allow.ADMINISTRATOR,
                body=RoleChange,
                status=204,
                refusals=("not_found",),
            ),
            Route(
                "PUT",
                addresses.API_USER_MEMBERSHIP,
                self.set_membership,
                "Give an account another membership",
                Allow.ADMINISTRATOR,
                body=MembershipChange,
                status=204,
                refusals=("not_found",),
            ),
            Route(
                "GET",
                addresses.API_AUDIT,
                self.read_audit,
                "The audit log, newest first",
                Allow.ADMINISTRATOR,
                query=AuditPage,
                answer=AuditLog,
            ),
        )

    async def list_users(self, call: Call) -> Answer:
        page: fields.Page = call.query
        found = await self._people.page(
            call.person, page.cursor, page.limit + 1, call.device.address
        )
        shown = [_user(user) for user in found[: page.limit]]
        return Answer(UserList(shown, shown[-1].id if len(found) > page.limit else None))

    async def ban(self, call: Call) -> Answer:
        await self._standing.ban(
            call.person, call.path["user"], call.body.reason, call.device.address
        )
        return NOTHING

    async def unban(self, call: Call) -> Answer:
        await self._standing.unban(call.person, call.path["user"], call.device.address)
        return NOTHING

    async def set_role(self, call: Call) -> Answer:
        actor = call.person.user.id
        await self._standing.set_role(actor, call.path["user"], call.body.role, call.device.address)
        return NOTHING

    async def set_membership(self, call: Call) -> Answer:
        actor = call.person.user.id
        await self._standing.set_membership(
            actor, call.path["user"], call.body.membership, call.device.address
        )
        return NOTHING

    async def read_audit(self, call: Call) -> Answer:
        page: AuditPage = call.query
        found = await self._store.read(
            lambda connection: audit.page(connection, page.before, page.limit + 1)
        )
        shown = [_entry(entry) for entry in found[: page.limit]]
        return Answer(AuditLog(shown, shown[-1].sequence if len(found) > page.limit else None))


def _user(user: User) -> UserShown:
    return UserShown(
        id=user.id,
        name=user.name,
        nickname=user.nickname,
        role=user.role,
        membership=user.membership,
        created_at=user.created_at,
        banned_at=user.banned_at,
        ban_reason=user.ban_reason,
    )


def _entry(entry: Entry) -> AuditEntry:
    act = entry.act
    return AuditEntry(
        sequence=entry.sequence,
        at=entry.at,
        actor=act.actor,
        action=act.action,
        subject=act.subject,
        address=act.address,
        detail=act.detail,
        previous=entry.previous,
        hash=entry.hash,
    )
