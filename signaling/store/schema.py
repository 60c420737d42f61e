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
    sa.Column("findable", sa.Boolean, nullable=False, server_default=sa.true()),
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

# Who knocked, or was moved there: a moderator has to let them in, or did not.
room_waiting = sa.Table(
    "room_waiting",
    metadata,
    sa.Column("room_id", sa.ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    # What they become once they are let in.
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
    # Who took them out of the room, and what they are told; nothing for who knocked.
    sa.Column("moved_by", sa.Text),
    sa.Column("moved_because", sa.Text),
    sa.CheckConstraint("role IN ('owner', 'moderator', 'member', 'guest')", name="role"),
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
    # With whom and nobody else; empty for whoever waits too.
    sa.Column("wanted_id", sa.Text),
    # One more at each change: who changes a row says which one they have seen.
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.CheckConstraint("kind IN ('number', 'heart-link')", name="kind"),
    sa.CheckConstraint(
        "state IN ('waiting', 'proposed', 'accepted', 'matched', 'cancelled')", name="state"
    ),
    sa.Index("ix_matches_kind_number_state", "kind", "number", "state"),
    sa.Index("ix_matches_changed_at", "changed_at"),
    sa.Index("ix_matches_expires_at", "expires_at"),
)

# Two who were proposed to each other, and one of them said no; the smaller identifier first.
declined_matches = sa.Table(
    "declined_matches",
    metadata,
    sa.Column("one_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("other_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("declined_at", Moment, nullable=False),
    sa.CheckConstraint("one_id < other_id", name="order"),
)

# What was said, each beside its event in the room's stream.  A deleted one stays as a tombstone.
messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("room_id", sa.ForeignKey("rooms.id", ondelete="CASCADE"), nullable=False),
    # Of the event that announced it.
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("sender", sa.Text, nullable=False),
    # Made by the client, so that a retry is known for one, and what it said then.
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("file_id", sa.Text),
    # What is shown of the file, as it was when it was sent.
    sa.Column("file", sa.JSON(none_as_null=True)),
    sa.Column("reply_to", sa.Text),
    sa.Column("mentions", sa.JSON, nullable=False),
    # Of a message that was passed on: who said it first.
    sa.Column("forwarded_from", sa.Text),
    sa.Column("posted_at", Moment, nullable=False),
    sa.Column("edited_at", Moment),
    sa.Column("deleted_at", Moment),
    sa.Column("deleted_by", sa.Text),
    sa.Column("pinned_at", Moment),
    sa.Column("pinned_by", sa.Text),
    sa.CheckConstraint(
        "kind IN ('text', 'emoji', 'sticker', 'image', 'voice', 'video', 'file')", name="kind"
    ),
    sa.Index("uq_messages_room_id_sequence", "room_id", "sequence", unique=True),
    sa.Index("uq_messages_client", "room_id", "sender", "client_id", unique=True),
    sa.Index("ix_messages_file_id", "file_id"),
    sa.Index("ix_messages_room_id_posted_at", "room_id", "posted_at"),
    sa.Index("ix_messages_sender", "room_id", "sender", "sequence"),
    # Text is what most messages are: nobody asks for that alone.
    sa.Index(
        "ix_messages_kind",
        "room_id",
        "kind",
        "sequence",
        sqlite_where=sa.text("kind <> 'text'"),
        postgresql_where=sa.text("kind <> 'text'"),
    ),
    # All that counting what is unread looks at.
    sa.Index("ix_messages_unread", "room_id", "sequence", "sender", "deleted_at"),
)

# What a message said before each edit; `sequence` is of the event that told of the edit.
message_edits = sa.Table(
    "message_edits",
    metadata,
    sa.Column("message_id", sa.ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("edited_at", Moment, nullable=False),
    sa.Column("edited_by", sa.Text, nullable=False),
)

message_reactions = sa.Table(
    "message_reactions",
    metadata,
    sa.Column("message_id", sa.ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("emoji", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("reacted_at", Moment, nullable=False),
)

message_mentions = sa.Table(
    "message_mentions",
    metadata,
    sa.Column("room_id", sa.ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
)

# The words of each message as both engines' full-text indexes take them: made in a migration,
# FTS5 with triggers on SQLite, a GIN index on PostgreSQL.
message_words = sa.Table(
    "message_words",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column(
        "message_id",
        sa.ForeignKey("messages.id", ondelete="CASCADE"),
        nullable=False,
        unique=True,
    ),
    sa.Column("words", sa.Text, nullable=False),
)

# How far somebody has got in a room: what reached a device of theirs, and what they have seen.
read_positions = sa.Table(
    "read_positions",
    metadata,
    sa.Column("room_id", sa.ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("read", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("read_at", Moment),
    sa.Column("delivered", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("delivered_at", Moment),
)

# Each rise of a position, so that "read at" is the truth for older messages as well.
read_marks = sa.Table(
    "read_marks",
    metadata,
    sa.Column("room_id", sa.ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("read", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("read_at", Moment, nullable=False, index=True),
)

# A room without a row is under no rules.
chat_rules = sa.Table(
    "chat_rules",
    metadata,
    sa.Column("room_id", sa.ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("slow_mode_s", sa.Integer, nullable=False, server_default="0"),
    sa.Column("read_only", sa.Boolean, nullable=False, server_default=sa.false()),
    # After so many days messages, or their files only, are forgotten; NULL is never.
    sa.Column("keep_days", sa.Integer),
    sa.Column("keep_files_days", sa.Integer),
    # Legal hold: nothing of the room is forgotten, whatever anybody deletes.
    sa.Column("held_at", Moment),
    sa.Column("held_by", sa.Text),
)

chat_blocks = sa.Table(
    "chat_blocks",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("blocked_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("blocked_at", Moment, nullable=False),
)

# What somebody found wrong with a message, which is kept here as it was.
chat_reports = sa.Table(
    "chat_reports",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("room_id", sa.ForeignKey("rooms.id", ondelete="CASCADE"), nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("reported_by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("reported_at", Moment, nullable=False),
    sa.Column("closed_at", Moment),
    sa.Column("closed_by", sa.Text),
    sa.Column("outcome", sa.Text),
    sa.CheckConstraint("outcome IN ('upheld', 'dismissed')", name="outcome"),
    sa.Index("uq_chat_reports_once", "message_id", "reported_by", unique=True),
    sa.Index("ix_chat_reports_room_id", "room_id"),
)

# What the vault holds, by the hash of it: one row and one file however often it was sent.
contents = sa.Table(
    "contents",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
)

files = sa.Table(
    "files",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("room_id", sa.ForeignKey("rooms.id", ondelete="CASCADE"), nullable=False),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    # What counts towards quotas: as announced while it comes, with its previews afterwards.
    sa.Column("charged", sa.BigInteger, nullable=False),
    # As announced while it comes, as kept afterwards.
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("unopened", sa.Boolean, nullable=False),
    # Shown to the room: a message holds it.  Until then it is its sender's alone.
    sa.Column("attached", sa.Boolean, nullable=False, server_default=sa.false()),
    # Empty until it was looked at.
    sa.Column("kind", sa.Text, nullable=False, server_default=""),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    sa.Column("duration_ms", sa.Integer),
    sa.Column("waveform", sa.JSON(none_as_null=True)),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("ready_at", Moment),
    sa.CheckConstraint("state IN ('uploading', 'ready')", name="state"),
    sa.CheckConstraint("kind IN ('', 'image', 'voice', 'video', 'file')", name="kind"),
    sa.CheckConstraint("size >= 0 AND charged >= 0", name="size"),
    # Both hold what a quota adds up.
    sa.Index("ix_files_room_id_charged", "room_id", "charged"),
    sa.Index("ix_files_user_id_charged", "user_id", "charged"),
    sa.Index("ix_files_state_attached", "state", "attached"),
)

# What a file consists of: its content, and a thumbnail or a poster where there is one.
file_parts = sa.Table(
    "file_parts",
    metadata,
    sa.Column("file_id", sa.ForeignKey("files.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("digest", sa.ForeignKey("contents.digest"), nullable=False, index=True),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.CheckConstraint("part IN ('content', 'thumbnail', 'poster')", name="part"),
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
    sa.Column("subject", sa.Text, nullable=False, index=True),
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
