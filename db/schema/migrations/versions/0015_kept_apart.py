"""Rows of an import whose key turned out to be somebody else's, counted for its report."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    empty = sa.text("'{}'::jsonb")
    op.add_column("import_batches", sa.Column("kept_apart", postgresql.JSONB, server_default=empty, nullable=False))


def downgrade() -> None:
    op.drop_column("import_batches", "kept_apart")
