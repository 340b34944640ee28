"""Pauses of a mail account, after trouble that every message would meet."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "mail_pauses",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("tried_by", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("mail_pauses")
