"""Where alerts begin."""

import sqlalchemy as sa
from alembic import op

from signaling.store.schema import Moment

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "alert_thresholds",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("thresholds", sa.JSON, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_at", Moment, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_alert_thresholds_single")),
        sa.PrimaryKeyConstraint("id", name="pk_alert_thresholds"),
    )
