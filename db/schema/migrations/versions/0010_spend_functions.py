"""The cost book's two steps, each one statement and so one round trip."""

from alembic import op

revision = "0010"
down_revision = "0009"

# The sum is read after the lock is held: in a volatile function every command sees what was committed before it.
_RESERVE = """
CREATE FUNCTION spend_reserve(
    p_id uuid, p_provider text, p_operation text, p_run_id uuid, p_usd numeric, p_credits numeric, p_calls integer,
    p_now timestamptz, p_expires_at timestamptz, p_budgets jsonb,
    OUT granted integer, OUT failed integer, OUT room numeric
) LANGUAGE plpgsql AS $$
DECLARE
    budget jsonb;
    price numeric;
    used numeric;
    place integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(5770112);
    granted := p_calls;
    FOR budget IN SELECT value FROM jsonb_array_elements(p_budgets) LOOP
        price := CASE budget->>'unit' WHEN 'usd' THEN p_usd WHEN 'credits' THEN p_credits ELSE 1 END;
        IF budget->>'since' IS NULL THEN
            SELECT coalesce(sum(
                CASE budget->>'unit' WHEN 'usd' THEN usd WHEN 'credits' THEN credits
                ELSE CASE status WHEN 'released' THEN 0 ELSE calls END END
            ), 0) INTO used
            FROM spend
            WHERE run_id = p_run_id AND (budget->>'provider' IS NULL OR provider = budget->>'provider');
        ELSE
            SELECT coalesce(sum(
                CASE budget->>'unit' WHEN 'usd' THEN usd WHEN 'credits' THEN credits
                ELSE CASE status WHEN 'released' THEN 0 ELSE calls END END
            ), 0) INTO used
            FROM spend
            WHERE reserved_at >= (budget->>'since')::timestamptz AND reserved_at < (budget->>'until')::timestamptz
                AND (budget->>'provider' IS NULL OR provider = budget->>'provider');
        END IF;
        room := (budget->>'limit')::numeric - used;
        granted := least(granted, floor(greatest(room, 0) / price));
        IF granted < 1 THEN
            failed := place;
            RETURN;
        END IF;
        place := place + 1;
    END LOOP;
    INSERT INTO spend (
        id, provider, operation, run_id, status, calls, usd, credits, reserved_usd, reserved_credits, reserved_at,
        expires_at
    ) VALUES (
        p_id, p_provider, p_operation, p_run_id, 'reserved', granted, p_usd * granted, p_credits * granted,
        p_usd * granted, p_credits * granted, p_now, p_expires_at
    );
END $$
"""

# Its commit does not wait for the disk: a lost one leaves the reservation, which the sweep takes as spent in full.
_CLOSE = """
CREATE FUNCTION spend_close(
    p_id uuid, p_status text, p_usd numeric, p_credits numeric, p_assumed_usd numeric, p_assumed_credits numeric,
    p_calls integer, p_now timestamptz,
    OUT was_usd numeric, OUT was_credits numeric
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE spend SET status = p_status, usd = p_usd, credits = p_credits, assumed_usd = p_assumed_usd,
        assumed_credits = p_assumed_credits, calls = coalesce(p_calls, calls), closed_at = p_now
    WHERE id = p_id AND status IN ('reserved', 'swept')
    RETURNING reserved_usd, reserved_credits INTO was_usd, was_credits;
END $$
"""


def upgrade() -> None:
    op.execute(_RESERVE)
    op.execute(_CLOSE)


def downgrade() -> None:
    op.execute("DROP FUNCTION spend_close")
    op.execute("DROP FUNCTION spend_reserve")
