"""The cost book."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_MONEY = sa.Numeric(20, 10)
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "spend",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("usd", _MONEY, nullable=False),
        sa.Column("credits", _MONEY, nullable=False),
        sa.Column("reserved_usd", _MONEY, nullable=False),
        sa.Column("reserved_credits", _MONEY, nullable=False),
        sa.Column("reserved_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("closed_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_spend"),
        sa.CheckConstraint("status IN ('reserved', 'settled', 'released', 'swept')", name=op.f("ck_spend_status")),
        sa.CheckConstraint("usd >= 0 AND credits >= 0 AND calls > 0", name=op.f("ck_spend_amounts")),
    )
    op.create_index("ix_spend_reserved_at", "spend", ["reserved_at", "provider"])
    op.create_index("ix_spend_run_id", "spend", ["run_id"], postgresql_where=sa.text("run_id IS NOT NULL"))
    op.create_index("ix_spend_open", "spend", ["expires_at"], postgresql_where=sa.text("status = 'reserved'"))


def downgrade() -> None:
    op.drop_table("spend")
