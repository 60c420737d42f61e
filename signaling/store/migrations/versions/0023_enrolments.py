"""Faces and voices that are remembered from call to call, of whoever agreed to that."""

import sqlalchemy as sa
from alembic import op

from signaling.store.schema import Moment

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "enrolments",
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("agreed_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_enrolments_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_enrolments"),
    )
    op.create_table(
        "templates",
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("learned_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["enrolments.user_id"], name="fk_templates_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "kind", name="pk_templates"),
        sa.CheckConstraint("kind IN ('face', 'voice')", name="kind"),
    )
