"""Tables of challenges; part of the one schema (`store.schema`)."""

import sqlalchemy as sa

from signaling.store.schema import Moment, metadata

KINDS = "('light', 'motion', 'code')"

# What a room asks of people by itself; one without a row goes by the default.
challenge_policies = sa.Table(
    "challenge_policies",
    metadata,
    sa.Column("room_id", sa.ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("at_join", sa.Text, nullable=False),
    sa.Column("on_suspicion", sa.Text, nullable=False),
    sa.Column("at_random", sa.Text, nullable=False),
    sa.Column("every_minutes", sa.Integer, nullable=False),
    sa.CheckConstraint("every_minutes BETWEEN 1 AND 1440", name="every_minutes"),
)

# Who was asked what, when and why, and what came of it.  Robots and media rooms are in no other
# table.
challenges = sa.Table(
    "challenges",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("room_id", sa.Text, nullable=False),
    sa.Column("identity", sa.Text, nullable=False),
    sa.Column("user_id", sa.Text, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    # A user, or nobody where a policy asked.
    sa.Column("asked_by", sa.Text, nullable=False),
    # Secret until it is over: what was asked, as the detection process understands it.
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("begun_at", Moment),
    sa.Column("ended_at", Moment),
    sa.Column("outcome", sa.Text, nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("strength", sa.Float, nullable=False, server_default="0"),
    sa.Column("chance", sa.Float),
    # The piece of evidence that ended it, as JSON; NULL where there was none.
    sa.Column("evidence", sa.Text),
    sa.CheckConstraint(f"kind IN {KINDS}", name="kind"),
    sa.Index("ix_challenges_room_id_id", "room_id", "id"),
    sa.Index("ix_challenges_ended_at", "ended_at"),
)
