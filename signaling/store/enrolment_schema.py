"""Tables of what faces and voices of accounts are like; part of the one schema (`store.schema`)."""

import sqlalchemy as sa

from signaling.store.schema import Moment, metadata

# Who agreed that face and voice are remembered from call to call, and to which text.
enrolments = sa.Table(
    "enrolments",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("agreed_at", Moment, nullable=False),
)

# What was learned of them; gone with their agreement.
templates = sa.Table(
    "templates",
    metadata,
    sa.Column(
        "user_id",
        sa.ForeignKey("enrolments.user_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("kind", sa.Text, primary_key=True),
    # Numbers and the models that they mean something to, sealed with the installation's secret.
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("learned_at", Moment, nullable=False),
    sa.CheckConstraint("kind IN ('face', 'voice')", name="kind"),
)
