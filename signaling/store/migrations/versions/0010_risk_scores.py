"""What was said about people, and what it follows from."""

import sqlalchemy as sa
from alembic import op

from signaling.store.schema import Moment

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "risk_scores",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("at", Moment, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("risk", sa.Float, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_risk_scores_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_risk_scores"),
    )
    op.create_index("ix_risk_scores_user_id", "risk_scores", ["user_id"])
    op.create_index("ix_risk_scores_at", "risk_scores", ["at"])
    op.create_index("ix_risk_scores_call_id_id", "risk_scores", ["call_id", "id"])
    op.create_index("ix_risk_scores_room_id_identity", "risk_scores", ["room_id", "identity"])
