"""What pages, counts and searches of chat look at, side by side."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

# Beginnings of three to five letters are held whole: a letter stands before each word.
SQLITE_INDEX = (
    "DROP TABLE message_index",
    (
        "CREATE VIRTUAL TABLE message_index USING fts5("
        "words, content='message_words', content_rowid='number', detail='full',"
        " tokenize='unicode61 remove_diacritics 0', prefix='4 5 6')"
    ),
    "INSERT INTO message_index (message_index) VALUES ('rebuild')",
)


# Kept beside the words: made anew for each row that a search looks at, it cost 70 us.
POSTGRES_INDEX = (
    "DROP INDEX message_index",
    (
        "ALTER TABLE message_words ADD COLUMN message_index_words tsvector"
        " GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, words)) STORED"
    ),
    "CREATE INDEX message_index ON message_words USING gin (message_index_words)",
)


def upgrade() -> None:
    some = sa.text("kind <> 'text'")
    columns = ["room_id", "kind", "sequence"]
    op.create_index(
        "ix_messages_kind", "messages", columns, sqlite_where=some, postgresql_where=some
    )
    op.create_index("ix_messages_sender", "messages", ["room_id", "sender", "sequence"])
    columns = ["room_id", "sequence", "sender", "deleted_at"]
    op.create_index("ix_messages_unread", "messages", columns)
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_INDEX if sqlite else POSTGRES_INDEX:
        op.execute(statement)
