"""What was found out about people outlives their account until it is decided what stays."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    # A cascade took the evidence of open alerts with the account of whom they are about.
    for name in ("risk_scores", "alerts"):
        with op.batch_alter_table(name) as table:
            table.drop_constraint(f"fk_{name}_user_id", type_="foreignkey")
    for name in ("consents", "challenges"):
        op.add_column(name, sa.Column("user_id", sa.Text))
        op.create_index(f"ix_{name}_user_id", name, ["user_id"])
        op.execute(
            f"UPDATE {name} SET user_id = identity WHERE identity IN (SELECT id FROM users)"  # noqa: S608
        )
