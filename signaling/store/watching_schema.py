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
    sa.Column("user_id", sa.Text, index=True),
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
    # Of which account; a robot has none.  What stays when one goes is decided in `forgetting`.
    sa.Column("user_id", sa.Text, index=True),
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

# Somebody was probably not real: one alert a person and call, until it is closed.
alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("room_id", sa.Text, nullable=False),
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("identity", sa.Text, nullable=False),
    sa.Column("user_id", sa.Text, index=True),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("owner", sa.Text),
    # How often it was raised, and the score of the highest risk.
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("risk", sa.Float, nullable=False),
    sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("score_id", sa.Text, nullable=False),
    sa.Column("raised_at", Moment, nullable=False),
    sa.Column("last_at", Moment, nullable=False),
    sa.Column("closed_at", Moment),
    # Set as long as it is open: a person has one such alert in a call.
    sa.Column("open_for", sa.Text, unique=True),
    sa.CheckConstraint("severity IN ('low', 'medium', 'high')", name="severity"),
    sa.CheckConstraint("state IN ('new', 'acknowledged', 'escalated', 'closed')", name="state"),
    sa.CheckConstraint("outcome IN ('true', 'false', 'inconclusive')", name="outcome"),
    sa.Index("ix_alerts_state_id", "state", "id"),
)

# What was done with an alert, note by note.
alert_acts = sa.Table(
    "alert_acts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("alert_id", sa.ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Index("ix_alert_acts_alert_id_id", "alert_id", "id"),
)

# An operator's own judgement of somebody in a call, shown beside the score.
risk_overrides = sa.Table(
    "risk_overrides",
    metadata,
    sa.Column("room_id", sa.Text, primary_key=True),
    sa.Column("call_id", sa.Text, primary_key=True),
    sa.Column("identity", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("overridden_by", sa.Text, nullable=False),
    sa.Column("overridden_at", Moment, nullable=False),
)

# A picture or some sound of when an alert was raised, sealed.
alert_captures = sa.Table(
    "alert_captures",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("alert_id", sa.ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Index("ix_alert_captures_alert_id_id", "alert_id", "id"),
)

# Who is told of alerts by HTTP; the secret that signs is sealed.
webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
)

webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("webhook_id", sa.ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("next_at", Moment, nullable=False),
    sa.Column("fault", sa.Text, nullable=False),
    sa.CheckConstraint("state IN ('waiting', 'delivered', 'dead')", name="state"),
    sa.Index("ix_webhook_deliveries_state_next_at", "state", "next_at"),
    sa.Index("ix_webhook_deliveries_webhook_id_id", "webhook_id", "id"),
)

# Where alerts begin, as it was decided last; without a row, as it comes.
alert_thresholds = sa.Table(
    "alert_thresholds",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("thresholds", sa.JSON, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", Moment, nullable=False),
    sa.CheckConstraint("id = 1", name="single"),
)
