"""People of every role may have been moved to the waiting room, by somebody and for a reason."""

import sqlalchemy as sa
from alembic import op

from signaling.store.schema import Moment

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    # SQLite cannot change a condition of a table that is there.
    op.execute("CREATE TABLE waited_before AS SELECT * FROM room_waiting")
    op.drop_table("room_waiting")
    op.create_table(
        "room_waiting",
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.Column("moved_by", sa.Text),
        sa.Column("moved_because", sa.Text),
        sa.CheckConstraint(
            "role IN ('owner', 'moderator', 'member', 'guest')", name=op.f("ck_room_waiting_role")
        ),
        sa.CheckConstraint("state IN ('waiting', 'denied')", name=op.f("ck_room_waiting_state")),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_room_waiting_room_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_room_waiting_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("room_id", "user_id", name="pk_room_waiting"),
    )
    op.execute(
        "INSERT INTO room_waiting (room_id, user_id, role, state, since)"
        " SELECT room_id, user_id, role, state, since FROM waited_before"
    )
    op.drop_table("waited_before")
