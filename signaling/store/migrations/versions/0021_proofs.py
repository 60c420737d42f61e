"""Who was asked in a call to prove their account, and what came of it."""

import sqlalchemy as sa
from alembic import op

from signaling.store.schema import Moment

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "proofs",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        sa.Column("outcome", sa.Text, nullable=False, server_default=""),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("way", sa.Text, nullable=False, server_default=""),
        sa.Column("since", Moment),
        sa.Column("over_at", Moment),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_proofs_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_proofs"),
    )
    op.create_index("ix_proofs_user_id", "proofs", ["user_id"])
    op.create_index("ix_proofs_call_id_id", "proofs", ["call_id", "id"])
    op.create_index("ix_proofs_over_at", "proofs", ["over_at"])
