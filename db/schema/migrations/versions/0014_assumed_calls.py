"""How many calls are assumed to have been charged, and which questions are asked again after a kill."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_ARGUMENTS = (
    "p_id uuid, p_status text, p_usd numeric, p_credits numeric, p_assumed_usd numeric, p_assumed_credits numeric,"
    " p_calls integer, {assumed}p_now timestamptz, OUT was_usd numeric, OUT was_credits numeric"
)
_CLOSE = """
CREATE FUNCTION spend_close({arguments}) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE spend SET status = p_status, usd = p_usd, credits = p_credits, assumed_usd = p_assumed_usd,
        assumed_credits = p_assumed_credits, {assumed}calls = coalesce(p_calls, calls), closed_at = p_now
    WHERE id = p_id AND status IN ('reserved', 'swept')
    RETURNING reserved_usd, reserved_credits INTO was_usd, was_credits;
END $$
"""


def upgrade() -> None:
    op.add_column("spend", sa.Column("assumed_calls", sa.Integer, server_default=sa.text("0"), nullable=False))
    op.execute("UPDATE spend SET assumed_calls = calls WHERE status = 'swept'")
    op.add_column(
        "enrichment_questions",
        sa.Column("is_asked_again", sa.Boolean, server_default=sa.text("false"), nullable=False),
    )
    op.execute("DROP FUNCTION spend_close")
    op.execute(
        _CLOSE.format(
            arguments=_ARGUMENTS.format(assumed="p_assumed_calls integer, "),
            assumed="assumed_calls = p_assumed_calls, ",
        )
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION spend_close")
    op.execute(_CLOSE.format(arguments=_ARGUMENTS.format(assumed=""), assumed=""))
    op.drop_column("enrichment_questions", "is_asked_again")
    op.drop_column("spend", "assumed_calls")
