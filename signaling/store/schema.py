"""Every table, once, for SQLite and PostgreSQL alike.

Moments are whole microseconds of UTC, so that both engines order and return them identically.
Identifiers are UUIDs in text, newer ones greater.  What changes here needs a migration beside it;
a test compares the two.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime, stored as microseconds since 1970."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    # What two names that look alike share; guests have none.
    sa.Column("name_key", sa.Text, unique=True),
    sa.Column("password_hash", sa.Text),
    sa.Column("nickname", sa.Text, nullable=False, server_default=""),
    sa.Column("real_name", sa.Text, nullable=False, server_default=""),
    sa.Column("bio", sa.Text, nullable=False, server_default=""),
    sa.Column("membership", sa.Text, nullable=False, server_default="basic"),
    sa.Column("theme_mode", sa.Text, nullable=False, server_default="life"),
    sa.Column("avatar_version", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment),
    sa.Column("banned_at", Moment),
    sa.Column("ban_reason", sa.Text),
    sa.CheckConstraint("role IN ('guest', 'caller', 'operator', 'administrator')", name="role"),
    sa.CheckConstraint("membership IN ('basic', 'premium', 'vip')", name="membership"),
    sa.CheckConstraint("theme_mode IN ('geek', 'life', 'fury', 'emo')", name="theme_mode"),
)

avatars = sa.Table(
    "avatars",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

presence = sa.Table(
    "presence",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.CheckConstraint("status IN ('online', 'away', 'busy', 'offline')", name="status"),
)

user_sessions = sa.Table(
    "user_sessions",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("client_id", sa.Text, nullable=False, server_default=""),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("agent", sa.Text, nullable=False),
    # For guests: the one room that the invitation opens, and what it grants there.
    sa.Column("room_id", sa.Text),
    sa.Column("grants", sa.JSON(none_as_null=True)),
    sa.Column("cookie_hash", sa.Text, unique=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("used_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("end_reason", sa.Text),
    sa.CheckConstraint("kind IN ('cookie', 'bearer')", name="kind"),
)

refresh_tokens = sa.Table(
    "refresh_tokens",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column(
        "session_id",
        sa.ForeignKey("user_sessions.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("issued_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
)

rooms = sa.Table(
    "rooms",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("capacity", sa.Integer, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    # Nobody new gets in, or only those whom a moderator admits.
    sa.Column("locked", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("waiting_room", sa.Boolean, nullable=False, server_default=sa.false()),
    # Of the newest event of the room's one stream.
    sa.Column("last_sequence", sa.BigInteger, nullable=False, server_default="0"),
    sa.CheckConstraint(
        "kind IN ('direct', 'group', 'match', 'heart-link', 'meeting')", name="kind"
    ),
    sa.CheckConstraint("capacity BETWEEN 1 AND 1000", name="capacity"),
)

room_members = sa.Table(
    "room_members",
    metadata,
    sa.Column("room_id", sa.ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("joined_at", Moment, nullable=False),
    # Sources that are not forwarded, whatever their client says; separated by spaces.
    sa.Column("silenced", sa.Text, nullable=False, server_default=""),
    sa.CheckConstraint("role IN ('owner', 'moderator', 'member', 'guest')", name="role"),
    sa.Index("ix_room_members_user_id", "user_id"),
)

invitations = sa.Table(
    "invitations",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("code", sa.Text, nullable=False, unique=True),
    sa.Column("room_id", sa.ForeignKey("rooms.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("invited_by", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("pin_hash", sa.Text),
    sa.Column("grants", sa.JSON, nullable=False),
    sa.Column("uses_left", sa.Integer, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("revoked_at", Moment),
    sa.CheckConstraint("uses_left >= 0", name="uses_left"),
)

# Who may not come back, whatever invitation they hold.
room_bans = sa.Table(
    "room_bans",
    metadata,
    sa.Column("room_id", sa.ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("banned_by", sa.Text, nullable=False),
    sa.Column("banned_at", Moment, nullable=False),
)

# Who knocked: a moderator has to let them in, or did not.
room_waiting = sa.Table(
    "room_waiting",
    metadata,
    sa.Column("room_id", sa.ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    # What they become once they are let in.
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.CheckConstraint("role IN ('member', 'guest')", name="role"),
    sa.CheckConstraint("state IN ('waiting', 'denied')", name="state"),
)

# The one stream of a room: everything that happened in it, numbered without gaps.
room_events = sa.Table(
    "room_events",
    metadata,
    sa.Column("room_id", sa.ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
)

calls = sa.Table(
    "calls",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("room_id", sa.ForeignKey("rooms.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("medium", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("started_by", sa.Text, nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("answered_at", Moment),
    sa.Column("ended_at", Moment),
    sa.Column("end_reason", sa.Text),
    # Set as long as the call is under way: a room has one such call at most.
    sa.Column("open_in", sa.Text, unique=True),
    sa.CheckConstraint("medium IN ('audio', 'video')", name="medium"),
    sa.CheckConstraint(
        "state IN ('ringing', 'active', 'ended', 'missed', 'declined', 'cancelled', 'failed')",
        name="state",
    ),
    sa.Index("ix_calls_started_at_id", "started_at", "id"),
)

call_members = sa.Table(
    "call_members",
    metadata,
    sa.Column("call_id", sa.ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("joined_at", Moment),
    sa.Column("left_at", Moment),
    sa.Column("rang_at", Moment),
    # When they were last known to be in the call: what is left of a crash.
    sa.Column("seen_at", Moment),
    sa.CheckConstraint(
        "state IN ('ringing', 'joined', 'left', 'declined', 'missed', 'busy')", name="state"
    ),
    sa.Index("ix_call_members_user_id", "user_id"),
)

# Whoever waits to be matched, or was; one row a person and kind.
matches = sa.Table(
    "matches",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    # With whom, and where they meet.
    sa.Column("partner_id", sa.Text),
    sa.Column("room_id", sa.Text),
    sa.CheckConstraint("kind IN ('number', 'heart-link')", name="kind"),
    sa.CheckConstraint("state IN ('waiting', 'proposed', 'accepted', 'matched')", name="state"),
    sa.Index("ix_matches_kind_number_state", "kind", "number", "state"),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    # Whose key it is: a user, or nobody in particular.
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    # The answer, sealed with the installation's secret; NULL until there is one.
    sa.Column("answer", sa.LargeBinary),
    sa.Column("created_at", Moment, nullable=False, index=True),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)

audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.CheckConstraint("id = 1", name="single"),
)
