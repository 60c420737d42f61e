"""With whom somebody wants to be linked, who was declined, and what changed lately."""

import sqlalchemy as sa
from alembic import op

from signaling.store.schema import Moment

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # Nothing has written to it until now.
    op.drop_table("matches")
    _create_matches()
    op.create_table(
        "declined_matches",
        sa.Column("one_id", sa.Text, nullable=False),
        sa.Column("other_id", sa.Text, nullable=False),
        sa.Column("declined_at", Moment, nullable=False),
        sa.CheckConstraint("one_id < other_id", name=op.f("ck_declined_matches_order")),
        sa.ForeignKeyConstraint(
            ["one_id"], ["users.id"], name="fk_declined_matches_one_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["users.id"], name="fk_declined_matches_other_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("one_id", "other_id", name="pk_declined_matches"),
    )


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
        sa.Column("wanted_id", sa.Text),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.CheckConstraint("kind IN ('number', 'heart-link')", name=op.f("ck_matches_kind")),
        sa.CheckConstraint(
            "state IN ('waiting', 'proposed', 'accepted', 'matched', 'cancelled')",
            name=op.f("ck_matches_state"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_matches_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "kind", name="pk_matches"),
    )
    op.create_index("ix_matches_kind_number_state", "matches", ["kind", "number", "state"])
    op.create_index("ix_matches_changed_at", "matches", ["changed_at"])
    op.create_index("ix_matches_expires_at", "matches", ["expires_at"])
