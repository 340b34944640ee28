"""The ledger of model and agent runs, beside the cost book: who was asked what, for which lead, at which cost.

Money is charged in the cost book; an execution names the entries that hold its charge. Whoever runs a model or an agent
collects the receipts and records the execution together with what the answer changed:

    with receipts() as charged:
        answer = await chain.ainvoke(question)
    execution = Execution(job="qualification", model=..., status="answered", receipts=tuple(charged), ...)
    async with transaction(engine) as connection:
        ...
        await executions.record(connection, [execution])
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson

from core.agents.executions import Execution, ModelTotals
from db.server.engine import Connection
from db.server.statements import select_dicts

_TYPES = {
    "id": "uuid",
    "job": "text",
    "node": "text",
    "lead_id": "uuid",
    "run_id": "uuid",
    "model": "text",
    "prompt_version": "text",
    "status": "text",
    "reason": "text",
    "input_tokens": "int",
    "output_tokens": "int",
    "cached_tokens": "int",
    "cost_usd": "numeric",
    "spend_ids": "uuid[]",
    "latency_ms": "int",
    "trace_id": "text",
    "started_at": "timestamptz",
}
_NAMES = ", ".join(_TYPES)
_RECORD = f"""
INSERT INTO agent_executions ({_NAMES})
SELECT {_NAMES} FROM jsonb_to_recordset(%s::jsonb) AS n ({", ".join(f"{name} {kind}" for name, kind in _TYPES.items())})
ON CONFLICT (id) DO NOTHING
"""


async def record(connection: Connection, executions: Sequence[Execution]) -> None:
    """Write executions down; one that is there already stays as it is.

    Args:
        connection: in somebody's transaction, best the one that writes what the answer changed.
        executions: any number, in any order.
    """
    if executions:
        document = orjson.dumps([_row(execution) for execution in executions]).decode()
        await connection.execute(_RECORD, (document,))


def _row(execution: Execution) -> dict[str, Any]:
    usage = execution.usage
    counted = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "cost_usd": str(execution.cost_usd),
    }
    return {name: counted[name] if name in counted else getattr(execution, name) for name in _TYPES}


async def by_model(connection: Connection, run_id: UUID) -> list[ModelTotals]:
    """Add the executions of a run up by model, in alphabetical order."""
    cursor = await connection.execute(
        """
        SELECT model, count(*), count(*) FILTER (WHERE status = 'answered'), sum(input_tokens), sum(output_tokens),
            sum(cost_usd)
        FROM agent_executions WHERE run_id = %s GROUP BY 1 ORDER BY 1
        """,
        (run_id,),
    )
    return [ModelTotals(*row) for row in await cursor.fetchall()]


async def select_of_lead(connection: Connection, lead_id: UUID) -> list[dict[str, Any]]:
    """List the executions about a lead, newest first, as they are stored."""
    statement = f"SELECT {_NAMES} FROM agent_executions WHERE lead_id = %(lead_id)s ORDER BY started_at DESC, id"
    return await select_dicts(connection, statement, {"lead_id": lead_id})
