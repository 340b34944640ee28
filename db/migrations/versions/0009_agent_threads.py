"""Threads of graphs, and the schema in which LangGraph keeps its own tables."""

from alembic import op

revision = "0009"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA IF NOT EXISTS langgraph")
    op.execute(
        """
        CREATE TABLE agent_threads (
            thread_id text PRIMARY KEY,
            agent text NOT NULL,
            status text NOT NULL CHECK (status IN ('running', 'waiting', 'finished', 'stopped', 'failed')),
            request jsonb NOT NULL DEFAULT '{}',
            reason text,
            is_cancelled boolean NOT NULL DEFAULT false,
            started_at timestamptz NOT NULL DEFAULT now(),
            changed_at timestamptz NOT NULL DEFAULT now()
        )
        """
    )
    op.execute("CREATE INDEX agent_threads_changed_at_idx ON agent_threads (changed_at)")


def downgrade() -> None:
    op.execute("DROP TABLE agent_threads")
    op.execute("DROP SCHEMA langgraph CASCADE")
