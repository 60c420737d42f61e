"""Pictures and sound of when alerts were raised."""

import sqlalchemy as sa
from alembic import op

from signaling.store.schema import Moment

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "alert_captures",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("alert_id", sa.Text, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name="fk_alert_captures_alert_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_alert_captures"),
    )
    op.create_index("ix_alert_captures_alert_id_id", "alert_captures", ["alert_id", "id"])
