"""Who is in a call is known of each person, and no longer of the call as a whole."""

import sqlalchemy as sa
from alembic import op

from signaling.store.schema import Moment

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("call_members", sa.Column("seen_at", Moment))
    op.execute(
        "UPDATE call_members SET seen_at = (SELECT alive_at FROM calls WHERE id = call_id)"
        " WHERE state = 'joined'"
    )
    op.drop_column("calls", "alive_at")
