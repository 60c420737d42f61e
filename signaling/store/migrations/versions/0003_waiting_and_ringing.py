"""Who waits to be let in, who is silenced, and since when somebody's devices ring."""

import sqlalchemy as sa
from alembic import op

from signaling.store.schema import Moment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("room_members") as members:
        members.add_column(sa.Column("silenced", sa.Text, nullable=False, server_default=""))
    with op.batch_alter_table("call_members") as members:
        members.add_column(sa.Column("rang_at", Moment))
    op.create_table(
        "room_waiting",
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.CheckConstraint("role IN ('member', 'guest')", name=op.f("ck_room_waiting_role")),
        sa.CheckConstraint("state IN ('waiting', 'denied')", name=op.f("ck_room_waiting_state")),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_room_waiting_room_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_room_waiting_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("room_id", "user_id", name="pk_room_waiting"),
    )
