"""Rooms that can be locked, their one stream of events, calls, and matching."""

import sqlalchemy as sa
from alembic import op

from signaling.store.schema import Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("rooms") as rooms:
        rooms.add_column(sa.Column("locked", sa.Boolean, nullable=False, server_default=sa.false()))
        rooms.add_column(
            sa.Column("waiting_room", sa.Boolean, nullable=False, server_default=sa.false())
        )
        rooms.add_column(
            sa.Column("last_sequence", sa.BigInteger, nullable=False, server_default="0")
        )
    op.create_table(
        "room_bans",
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("banned_by", sa.Text, nullable=False),
        sa.Column("banned_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_room_bans_room_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_room_bans_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("room_id", "user_id", name="pk_room_bans"),
    )
    op.create_table(
        "room_events",
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_room_events_room_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("room_id", "sequence", name="pk_room_events"),
    )
    _create_calls()
    _create_matches()


def _create_calls() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("medium", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("started_by", sa.Text, nullable=False),
        sa.Column("started_at", Moment, nullable=False),
        sa.Column("answered_at", Moment),
        sa.Column("ended_at", Moment),
        sa.Column("end_reason", sa.Text),
        sa.Column("alive_at", Moment, nullable=False),
        sa.Column("open_in", sa.Text),
        sa.CheckConstraint("medium IN ('audio', 'video')", name=op.f("ck_calls_medium")),
        sa.CheckConstraint(
            "state IN ('ringing', 'active', 'ended', 'missed', 'declined', 'cancelled', 'failed')",
            name=op.f("ck_calls_state"),
        ),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_calls_room_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
        sa.UniqueConstraint("open_in", name="uq_calls_open_in"),
    )
    op.create_index("ix_calls_room_id", "calls", ["room_id"])
    op.create_index("ix_calls_started_at_id", "calls", ["started_at", "id"])
    op.create_table(
        "call_members",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("joined_at", Moment),
        sa.Column("left_at", Moment),
        sa.CheckConstraint(
            "state IN ('ringing', 'joined', 'left', 'declined', 'missed', 'busy')",
            name=op.f("ck_call_members_state"),
        ),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name="fk_call_members_call_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("call_id", "user_id", name="pk_call_members"),
    )
    op.create_index("ix_call_members_user_id", "call_members", ["user_id"])


def _create_matches() -> None:
    op.create_table(
        "matches",
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("partner_id", sa.Text),
        sa.Column("room_id", sa.Text),
        sa.CheckConstraint("kind IN ('number', 'heart-link')", name=op.f("ck_matches_kind")),
        sa.CheckConstraint(
            "state IN ('waiting', 'proposed', 'accepted', 'matched')", name=op.f("ck_matches_state")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_matches_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "kind", name="pk_matches"),
    )
    op.create_index("ix_matches_kind_number_state", "matches", ["kind", "number", "state"])
