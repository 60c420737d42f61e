"""Tables of how people prove that an account is theirs; part of the one schema (`store.schema`)."""

import sqlalchemy as sa

from signaling.store.schema import Moment, metadata

# The app that makes somebody's codes; of no use before it was confirmed by one of them.
authenticators = sa.Table(
    "authenticators",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    # Sealed with the installation's secret.
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("begun_at", Moment, nullable=False),
    sa.Column("confirmed_at", Moment),
    # The step of the newest code that was used: none up to it is good any more.
    sa.Column("last_step", sa.BigInteger, nullable=False, server_default="0"),
)

# What gets somebody in who has lost that app; each is good once, and goes with its use.
recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    sa.Column(
        "user_id",
        sa.ForeignKey("authenticators.user_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    # Keyed with the installation's secret.
    sa.Column("digest", sa.Text, primary_key=True),
)

# Who was asked in a call to prove their account, and what came of it.  Media rooms are in no other
# table.
proofs = sa.Table(
    "proofs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("room_id", sa.Text, nullable=False),
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("asked_by", sa.Text, nullable=False),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("outcome", sa.Text, nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    # By what it was proved, and since when there was that.
    sa.Column("way", sa.Text, nullable=False, server_default=""),
    sa.Column("since", Moment),
    # When a proof ceased to count: its device left, or another came.
    sa.Column("over_at", Moment),
    sa.Index("ix_proofs_call_id_id", "call_id", "id"),
    sa.Index("ix_proofs_over_at", "over_at"),
)

# Keys that people's devices hold for this site; the public half.
passkeys = sa.Table(
    "passkeys",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("credential_id", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
)
