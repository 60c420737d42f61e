"""Who was asked to show that a camera sees them, and what rooms ask by themselves."""

import sqlalchemy as sa
from alembic import op

from signaling.store.schema import Moment

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "challenge_policies",
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("at_join", sa.Text, nullable=False),
        sa.Column("on_suspicion", sa.Text, nullable=False),
        sa.Column("at_random", sa.Text, nullable=False),
        sa.Column("every_minutes", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "every_minutes BETWEEN 1 AND 1440", name=op.f("ck_challenge_policies_every_minutes")
        ),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_challenge_policies_room_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("room_id", name="pk_challenge_policies"),
    )
    op.create_table(
        "challenges",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("begun_at", Moment),
        sa.Column("ended_at", Moment),
        sa.Column("outcome", sa.Text, nullable=False, server_default=""),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("strength", sa.Float, nullable=False, server_default="0"),
        sa.Column("chance", sa.Float),
        sa.Column("evidence", sa.Text),
        sa.CheckConstraint("kind IN ('light', 'motion', 'code')", name=op.f("ck_challenges_kind")),
        sa.PrimaryKeyConstraint("id", name="pk_challenges"),
    )
    op.create_index("ix_challenges_room_id_id", "challenges", ["room_id", "id"])
    op.create_index("ix_challenges_ended_at", "challenges", ["ended_at"])
