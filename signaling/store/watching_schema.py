"""Tables of what is looked at, and what was found; part of the one schema (`store.schema`)."""

import sqlalchemy as sa

from signaling.store.schema import Moment, metadata

# What a room decided about being looked at; one without a row goes by the configuration.
detection_rules = sa.Table(
    "detection_rules",
    metadata,
    sa.Column("room_id", sa.ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("runs", sa.Boolean, nullable=False),
    sa.Column("seen_by", sa.Text, nullable=False),
    sa.Column("own_seen", sa.Boolean, nullable=False),
    sa.Column("consent_required", sa.Boolean, nullable=False),
    sa.Column("encrypted", sa.Boolean, nullable=False),
    sa.CheckConstraint("seen_by IN ('operators', 'hosts', 'everybody')", name="seen_by"),
)

# Who agreed to be looked at, where, when, and to which text.  Robots and media rooms are in no
# other table.
consents = sa.Table(
    "consents",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("room_id", sa.Text, nullable=False),
    sa.Column("identity", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("given_at", Moment, nullable=False),
    sa.Column("withdrawn_at", Moment),
    sa.Index("ix_consents_room_id_identity", "room_id", "identity"),
)

# What was said about somebody at a moment, and the record that it follows from.
risk_scores = sa.Table(
    "risk_scores",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("room_id", sa.Text, nullable=False),
    # Empty where people met without a call.
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("identity", sa.Text, nullable=False),
    # An account takes its scores with it; a robot has none.
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), index=True),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("risk", sa.Float, nullable=False),
    sa.Column("confidence", sa.Float, nullable=False),
    # Compressed, and sealed with the installation's secret.
    sa.Column("record", sa.LargeBinary, nullable=False),
    sa.Index("ix_risk_scores_call_id_id", "call_id", "id"),
    sa.Index("ix_risk_scores_room_id_identity", "room_id", "identity"),
)
