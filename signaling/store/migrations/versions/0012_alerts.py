"""Alerts, what was done with them, and operators' own judgements."""

import sqlalchemy as sa
from alembic import op

from signaling.store.schema import Moment

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    _create_alerts()
    op.create_table(
        "alert_acts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("alert_id", sa.Text, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name="fk_alert_acts_alert_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_alert_acts"),
    )
    op.create_index("ix_alert_acts_alert_id_id", "alert_acts", ["alert_id", "id"])
    op.create_table(
        "risk_overrides",
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("overridden_by", sa.Text, nullable=False),
        sa.Column("overridden_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("room_id", "call_id", "identity", name="pk_risk_overrides"),
    )


def _create_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("owner", sa.Text),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("risk", sa.Float, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("score_id", sa.Text, nullable=False),
        sa.Column("raised_at", Moment, nullable=False),
        sa.Column("last_at", Moment, nullable=False),
        sa.Column("closed_at", Moment),
        sa.Column("open_for", sa.Text),
        sa.CheckConstraint(
            "severity IN ('low', 'medium', 'high')", name=op.f("ck_alerts_severity")
        ),
        sa.CheckConstraint(
            "state IN ('new', 'acknowledged', 'escalated', 'closed')", name=op.f("ck_alerts_state")
        ),
        sa.CheckConstraint(
            "outcome IN ('true', 'false', 'inconclusive')", name=op.f("ck_alerts_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_alerts_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sa.UniqueConstraint("open_for", name="uq_alerts_open_for"),
    )
    op.create_index("ix_alerts_user_id", "alerts", ["user_id"])
    op.create_index("ix_alerts_state_id", "alerts", ["state", "id"])
