"""What is known of who decided an approval, beside the name they gave."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("approvals", sa.Column("proved_by", sa.Text))


def downgrade() -> None:
    op.drop_column("approvals", "proved_by")
