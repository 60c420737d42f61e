"""Messages, what became of each, how far everybody has read, and the words to find them by."""

import sqlalchemy as sa
from alembic import op

from signaling.store.schema import Moment

revision = "0005"
down_revision = "0004"

SQLITE_INDEX = (
    (
        "CREATE VIRTUAL TABLE message_index USING fts5("
        "words, content='message_words', content_rowid='number', detail='full',"
        " tokenize='unicode61 remove_diacritics 0', prefix='4')"
    ),
    (
        "CREATE TRIGGER message_words_added AFTER INSERT ON message_words BEGIN"
        " INSERT INTO message_index (rowid, words) VALUES (new.number, new.words); END"
    ),
    (
        "CREATE TRIGGER message_words_removed AFTER DELETE ON message_words BEGIN"
        " INSERT INTO message_index (message_index, rowid, words)"
        " VALUES ('delete', old.number, old.words); END"
    ),
    (
        "CREATE TRIGGER message_words_changed AFTER UPDATE ON message_words BEGIN"
        " INSERT INTO message_index (message_index, rowid, words)"
        " VALUES ('delete', old.number, old.words);"
        " INSERT INTO message_index (rowid, words) VALUES (new.number, new.words); END"
    ),
)
POSTGRES_INDEX = (
    (
        "CREATE INDEX message_index ON message_words"
        " USING gin (to_tsvector('simple'::regconfig, words))"
    ),
)


def upgrade() -> None:
    _create_messages()
    _create_marks()
    _create_positions()
    _create_rules()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_INDEX if sqlite else POSTGRES_INDEX:
        op.execute(statement)


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("file_id", sa.Text),
        sa.Column("file", sa.JSON(none_as_null=True)),
        sa.Column("reply_to", sa.Text),
        sa.Column("mentions", sa.JSON, nullable=False),
        sa.Column("forwarded_from", sa.Text),
        sa.Column("posted_at", Moment, nullable=False),
        sa.Column("edited_at", Moment),
        sa.Column("deleted_at", Moment),
        sa.Column("deleted_by", sa.Text),
        sa.Column("pinned_at", Moment),
        sa.Column("pinned_by", sa.Text),
        sa.CheckConstraint(
            "kind IN ('text', 'emoji', 'sticker', 'image', 'voice', 'video', 'file')",
            name=op.f("ck_messages_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_messages_room_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
    )
    op.create_index("ix_messages_file_id", "messages", ["file_id"])
    op.create_index("ix_messages_room_id_posted_at", "messages", ["room_id", "posted_at"])
    op.create_index(
        "uq_messages_client", "messages", ["room_id", "sender", "client_id"], unique=True
    )
    op.create_index(
        "uq_messages_room_id_sequence", "messages", ["room_id", "sequence"], unique=True
    )


def _create_marks() -> None:
    op.create_table(
        "message_edits",
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("edited_at", Moment, nullable=False),
        sa.Column("edited_by", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_message_edits_message_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "sequence", name="pk_message_edits"),
    )
    op.create_table(
        "message_reactions",
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("emoji", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("reacted_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name="fk_message_reactions_message_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", "emoji", "user_id", name="pk_message_reactions"),
    )
    op.create_table(
        "message_mentions",
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False, autoincrement=False),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_message_mentions_room_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("room_id", "user_id", "sequence", name="pk_message_mentions"),
    )
    op.create_table(
        "message_words",
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_message_words_message_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_message_words"),
        sa.UniqueConstraint("message_id", name="uq_message_words_message_id"),
    )


def _create_positions() -> None:
    op.create_table(
        "read_positions",
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("read", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("read_at", Moment),
        sa.Column("delivered", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("delivered_at", Moment),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_read_positions_room_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("room_id", "user_id", name="pk_read_positions"),
    )
    op.create_table(
        "read_marks",
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("read", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("read_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_read_marks_room_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("room_id", "user_id", "read", name="pk_read_marks"),
    )
    op.create_index("ix_read_marks_read_at", "read_marks", ["read_at"])


def _create_rules() -> None:
    op.create_table(
        "chat_rules",
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("slow_mode_s", sa.Integer, nullable=False, server_default="0"),
        sa.Column("read_only", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("keep_days", sa.Integer),
        sa.Column("keep_files_days", sa.Integer),
        sa.Column("held_at", Moment),
        sa.Column("held_by", sa.Text),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_chat_rules_room_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("room_id", name="pk_chat_rules"),
    )
    op.create_table(
        "chat_blocks",
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("blocked_id", sa.Text, nullable=False),
        sa.Column("blocked_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["blocked_id"], ["users.id"], name="fk_chat_blocks_blocked_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_chat_blocks_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "blocked_id", name="pk_chat_blocks"),
    )
    op.create_table(
        "chat_reports",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("room_id", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("reported_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("reported_at", Moment, nullable=False),
        sa.Column("closed_at", Moment),
        sa.Column("closed_by", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.CheckConstraint(
            "outcome IN ('upheld', 'dismissed')", name=op.f("ck_chat_reports_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name="fk_chat_reports_room_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_chat_reports"),
    )
    op.create_index("ix_chat_reports_room_id", "chat_reports", ["room_id"])
    op.create_index(
        "uq_chat_reports_once", "chat_reports", ["message_id", "reported_by"], unique=True
    )
