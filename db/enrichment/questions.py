"""Questions to providers, each asked by one process at a time, and their answers.

A question is taken under the token of whoever works on the leads it is for (`db.enrichment.lease`), in a commit of
its own before the provider is asked. Its row then says `open` until the answer is recorded; after a kill the token's
lock is gone and the question may be taken again. A question whose answer was lost although its asker lived is held back
for a while: the provider may have been paid for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from psycopg.rows import dict_row

from core.enrichment.questions import Answer, Found, Provider, Question
from db.enrichment.lease import EnrichmentLease
from db.runs import IS_HELD, living
from db.server.engine import Connection
from db.server.statements import change

_TAKE = f"""
    INSERT INTO enrichment_questions AS c (provider, question_hash, state, token, run_id, asked_at)
    SELECT %(provider)s, hash, 'open', %(token)s, %(run_id)s, clock_timestamp()
    FROM unnest(%(hashes)s::text[]) AS hash ORDER BY hash
    ON CONFLICT (provider, question_hash) DO UPDATE SET state = 'open', token = excluded.token,
        run_id = excluded.run_id, is_asked_again = c.state = 'open' AND (c.token <> excluded.token OR c.is_asked_again),
        asked_at = CASE WHEN c.ticket IS NULL THEN excluded.asked_at ELSE c.asked_at END
    WHERE c.state = 'idle'
        OR (c.state = 'answered' AND (c.fresh_until <= clock_timestamp()
            OR (%(again)s AND c.outcome = 'error' AND c.answered_at < %(started_at)s)))
        OR (c.state = 'unanswered' AND c.hold_until <= clock_timestamp())
        OR (c.state = 'parked' AND c.collect_at <= clock_timestamp())
        OR (c.state = 'open' AND (c.token = excluded.token OR NOT {IS_HELD}))
    RETURNING question_hash, ticket
"""
_STATE = """
    SELECT question_hash, state, outcome, reason, found, latency_ms, request_id, asked_at, hold_until, collect_at
    FROM enrichment_questions WHERE provider = %s AND question_hash = ANY (%s::text[])
"""
_ANSWER = """
    UPDATE enrichment_questions SET state = %(state)s, answered_at = clock_timestamp(), outcome = %(outcome)s,
        reason = %(reason)s, found = %(found)s::jsonb, cost_usd = cost_usd + %(usd)s,
        cost_credits = cost_credits + %(credits)s, latency_ms = %(latency_ms)s, request_id = %(request_id)s,
        ticket = %(ticket)s, run_id = %(run_id)s,
        fresh_until = clock_timestamp() + make_interval(secs => %(fresh_for_s)s),
        hold_until = clock_timestamp() + make_interval(secs => %(hold_s)s),
        collect_at = clock_timestamp() + make_interval(secs => %(collect_in_s)s)
    WHERE provider = %(provider)s AND question_hash = %(hash)s AND token = %(token)s AND state = 'open'
"""
_GIVE_BACK = """
    UPDATE enrichment_questions SET state = CASE WHEN ticket IS NULL THEN 'idle' ELSE 'parked' END
    WHERE provider = %s AND question_hash = ANY (%s::text[]) AND token = %s AND state = 'open'
"""


@dataclass(frozen=True)
class Taken:
    """What became of questions somebody wanted to ask.

    Attributes:
        ours: to be asked now, with the ticket of a parked answer that can be collected.
        answered: by hash: answers that are there, or the reason why the question is to wait.
        busy: asked by somebody else this moment.
    """

    ours: tuple[tuple[Question, str | None], ...]
    answered: Mapping[str, Answer]
    busy: tuple[Question, ...]


async def take(lease: EnrichmentLease, provider: Provider, questions: Sequence[Question]) -> Taken:
    """Take the questions that are to be asked, in a commit of its own, and read what is known of the others."""
    by_hash = {question.hash: question for question in questions}
    names = {
        "provider": provider,
        "token": lease.token,
        "run_id": lease.run.run_id,
        "hashes": list(by_hash),
        "again": lease.run.request.selection == "failed",
        "started_at": lease.run.started_at,
    }

    async def look(connection: Connection) -> tuple[dict[str, str | None], list[dict[str, Any]]]:
        # Again after an unknown outcome: what this lease has taken is its own still.
        cursor = await connection.execute(_TAKE, names | {"living": living()})
        ours = dict(await cursor.fetchall())
        rest = [hash_ for hash_ in by_hash if hash_ not in ours]
        async with connection.cursor(row_factory=dict_row) as reader:
            await reader.execute(_STATE, (provider, rest))
            return ours, await reader.fetchall() if rest else []

    ours, rows = await lease.keep(look, "questions")
    rest = [hash_ for hash_ in by_hash if hash_ not in ours]
    answered, busy = {}, []
    for row in rows:
        known = _known(row)
        if known is None:
            busy.append(by_hash[row["question_hash"]])
        else:
            answered[row["question_hash"]] = known
    # A row that somebody removed in between is asked for again.
    busy += [by_hash[hash_] for hash_ in rest if hash_ not in {row["question_hash"] for row in rows}]
    return Taken(tuple((by_hash[hash_], ticket) for hash_, ticket in ours.items()), answered, tuple(busy))


def _known(row: Mapping[str, Any]) -> Answer | None:
    match row["state"]:
        case "answered":
            found = tuple(Found(**value) for value in row["found"])
            return Answer(
                row["outcome"],
                row["reason"],
                found,
                latency_ms=row["latency_ms"],
                request_id=row["request_id"],
                asked_at=row["asked_at"],
                is_reused=True,
            )
        case "unanswered":
            return Answer("due", f"asked, no answer came; not asked again before {_minute(row['hold_until'])}")
        case "parked":
            return Answer("due", f"asked; the answer is collected after {_minute(row['collect_at'])}")
    return None


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


async def record_answers(lease: EnrichmentLease, answers: Sequence[tuple[Question, Answer]]) -> None:
    """Write answers of questions this lease has taken, in one commit; nothing of one that was taken from it since.

    They were paid: they are kept until the database has them, however long that takes.
    """
    config = lease.run.config
    rows = []
    for question, answer in answers:
        is_error = answer.outcome == "error"
        state = "unanswered" if answer.is_open else "parked" if answer.outcome == "due" else "answered"
        rows.append(
            {
                "state": state,
                "outcome": None if answer.outcome == "due" else answer.outcome,
                "reason": answer.reason,
                "found": orjson.dumps([_as_json(value) for value in answer.found]).decode(),
                "usd": answer.cost.usd,
                "credits": answer.cost.credits,
                "latency_ms": answer.latency_ms,
                "request_id": answer.request_id,
                "ticket": answer.ticket,
                "run_id": lease.run.run_id,
                "fresh_for_s": config.retry_after_s if is_error else config.fresh_for_s,
                "hold_s": config.hold_open_s,
                "collect_in_s": answer.collect_in_s or 0.0,
                "provider": question.provider,
                "hash": question.hash,
                "token": lease.token,
            }
        )

    async def write(connection: Connection) -> None:
        async with connection.transaction():
            for row in rows:
                await connection.execute(_ANSWER, row)

    await lease.keep(write, f"{len(rows)} answers of {answers[0][0].provider}" if rows else "no answers")


def _as_json(value: Found) -> dict[str, object]:
    return {
        "field": value.field,
        "value": value.value,
        "source_url": value.source_url,
        "confidence": value.confidence,
    }


async def give_back(lease: EnrichmentLease, questions: Sequence[Question]) -> None:
    """Release questions that were taken and certainly not asked."""
    if not questions:
        return
    names = (questions[0].provider, [question.hash for question in questions], lease.token)

    async def write(connection: Connection) -> None:
        await connection.execute(_GIVE_BACK, names)

    await lease.keep(write, "questions")


async def prune(connection: Connection, *, older_than: datetime) -> int:
    """Delete questions that nobody has asked, and whose answers nobody could use, since `older_than`; return how many.

    Values taken from them stay, with their provenance, and so do the attempts. Safe twice, and beside a run.
    """
    last_use = "greatest(asked_at, answered_at, fresh_until, hold_until, collect_at)"
    statement = f"DELETE FROM enrichment_questions WHERE {last_use} < %(older_than)s"
    return await change(connection, statement, {"older_than": older_than})


async def count_asked_again(connection: Connection, run_id: UUID) -> dict[Provider, int]:
    """Count the questions of a run that another had asked when it was killed, by provider."""
    cursor = await connection.execute(
        "SELECT provider, count(*) FROM enrichment_questions WHERE run_id = %s AND is_asked_again"
        " GROUP BY 1 ORDER BY 1",
        (run_id,),
    )
    return dict(await cursor.fetchall())


async def count_known(
    connection: Connection, provider: Provider, hashes: Sequence[str], *, is_failed_again: bool
) -> tuple[int, int]:
    """Count questions with a fresh answer, and those that wait for one; reads only."""
    cursor = await connection.execute(
        """
        SELECT count(*) FILTER (WHERE state = 'answered' AND fresh_until > clock_timestamp()
                AND NOT (%(again)s AND outcome = 'error')),
            count(*) FILTER (WHERE (state = 'unanswered' AND hold_until > clock_timestamp()) OR state = 'parked')
        FROM enrichment_questions WHERE provider = %(provider)s AND question_hash = ANY (%(hashes)s::text[])
        """,
        {"provider": provider, "hashes": list(hashes), "again": is_failed_again},
    )
    ((fresh, open_),) = await cursor.fetchall()
    return int(fresh), int(open_)
