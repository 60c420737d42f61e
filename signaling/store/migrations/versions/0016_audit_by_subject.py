"""What was done to something is found without reading the whole log."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_index("ix_audit_subject", "audit", ["subject"])
