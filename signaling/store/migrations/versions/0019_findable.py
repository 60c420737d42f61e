"""Whether others find somebody by the beginning of their name."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column(
        "users", sa.Column("findable", sa.Boolean, server_default=sa.true(), nullable=False)
    )
