"""What somebody wrote in the CRM and a finding of ours was written over before the change log told of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("crm_events", sa.Column("overwritten", postgresql.JSONB))
    empty = sa.text("'{}'::jsonb")
    op.add_column("crm_staged", sa.Column("overwritten", postgresql.JSONB, server_default=empty, nullable=False))


def downgrade() -> None:
    op.drop_column("crm_staged", "overwritten")
    op.drop_column("crm_events", "overwritten")
