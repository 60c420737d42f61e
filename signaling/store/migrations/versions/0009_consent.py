"""Who agreed to be looked at, and what rooms decided about it."""

import sqlalchemy as sa
from alembic import op

from signaling.store.schema import Moment

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "detection_rules",
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("runs", sa.Boolean, nullable=False),
        sa.Column("seen_by", sa.Text, nullable=False),
        sa.Column("own_seen", sa.Boolean, nullable=False),
        sa.Column("consent_required", sa.Boolean, nullable=False),
        sa.Column("encrypted", sa.Boolean, nullable=False),
        sa.CheckConstraint(
            "seen_by IN ('operators', 'hosts', 'everybody')",
            name=op.f("ck_detection_rules_seen_by"),
        ),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_detection_rules_room_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("room_id", name="pk_detection_rules"),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("given_at", Moment, nullable=False),
        sa.Column("withdrawn_at", Moment),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
    )
    op.create_index("ix_consents_room_id_identity", "consents", ["room_id", "identity"])
