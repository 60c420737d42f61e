"""Files that people send, and the contents that they share."""

import sqlalchemy as sa
from alembic import op

from signaling.store.schema import Moment

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "contents",
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_contents"),
    )
    _create_files()
    op.create_table(
        "file_parts",
        sa.Column("file_id", sa.Text, nullable=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.CheckConstraint(
            "part IN ('content', 'thumbnail', 'poster')", name=op.f("ck_file_parts_part")
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["files.id"], name="fk_file_parts_file_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["digest"], ["contents.digest"], name="fk_file_parts_digest"),
        sa.PrimaryKeyConstraint("file_id", "part", name="pk_file_parts"),
    )
    op.create_index("ix_file_parts_digest", "file_parts", ["digest"])


def _create_files() -> None:
    op.create_table(
        "files",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("charged", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("unopened", sa.Boolean, nullable=False),
        sa.Column("attached", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("kind", sa.Text, nullable=False, server_default=""),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("duration_ms", sa.Integer),
        sa.Column("waveform", sa.JSON),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("ready_at", Moment),
        sa.CheckConstraint("state IN ('uploading', 'ready')", name=op.f("ck_files_state")),
        sa.CheckConstraint(
            "kind IN ('', 'image', 'voice', 'video', 'file')", name=op.f("ck_files_kind")
        ),
        sa.CheckConstraint("size >= 0 AND charged >= 0", name=op.f("ck_files_size")),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_files_room_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_files_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
    )
    op.create_index("ix_files_room_id_charged", "files", ["room_id", "charged"])
    op.create_index("ix_files_user_id_charged", "files", ["user_id", "charged"])
    op.create_index("ix_files_state_attached", "files", ["state", "attached"])
