"""Steps of researching a market: count our own leads, run the agent over them and the named pages, report."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pandas as pd

from agents import growth
from agents.models import Job
from core.enrichment.page_reading import read_texts
from core.errors import UnreadablePage
from core.outreach.markets import Evidence, Finding, MarketReport, MarketRequest, Page, carries_address, gives_orders
from core.settings.settings import settings
from core.text import normalize
from core.text.titles import read_title
from db.leads import segments
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.pages import PageStatus
from integrations.websites.plug import WebsiteSettings
from langgraph_prefect.values import Outcome, Stopped
from tasks.agents.graphs import as_result, model_for, run_thread, thread_for
from tasks.outreach.market_artifacts import publish_market
from tasks.runtime.orchestration import task
from tasks.runtime.page_processes import page_processes
from tasks.runtime.policies import STEP
from tasks.runtime.resources import database
from tasks.runtime.websites import website_fetcher

log = logging.getLogger(__name__)

_OWN = "our own leads"
_TOP = 5
_PAGE_CHARS = 20_000
_MAX_VALUE = 60


@dataclass(frozen=True, slots=True)
class MarketPlan:
    """What a run of research works on."""

    thread_id: UUID
    request: MarketRequest
    statistics: tuple[Evidence, ...]
    leads: int


@task(name="count-segment", **STEP)
async def plan(request: MarketRequest) -> MarketPlan:
    """Count the leads of the segment."""
    thread_id = thread_for(request.thread_id)
    async with database() as connection:
        rows = await segments.select_counted(connection, request.segment)
    statistics = await asyncio.to_thread(
        statistics_of, pd.DataFrame(rows, columns=list(segments.COUNTED), dtype=object)
    )
    log.info("segment_counted", extra={"thread_id": str(thread_id), "leads": len(rows)})
    return MarketPlan(thread_id, request, tuple(statistics), len(rows))


async def research(begun: MarketPlan) -> MarketReport:
    """Run the agent; its nodes are the steps. Safe to run again: a finished node is not repeated."""
    request = begun.request
    async with model_for(Job.RESEARCH, begun.thread_id, wanted=request.use_model) as model, _reader() as read_page:
        outcome = await run_thread(
            growth.build(model, read_page),
            _input(begun),
            agent=growth.NAME,
            thread_id=begun.thread_id,
            request=request.model_dump(mode="json"),
            prompt_version=growth.PROMPT_VERSION,
            stream=request.stream,
        )
    return report_of(begun, outcome, by_model=model is not None)


def _input(begun: MarketPlan) -> growth.GrowthInput:
    request = begun.request
    return growth.GrowthInput(
        segment=request.segment.name,
        terms=list(request.segment.terms),
        question=request.question,
        statistics=[one.model_dump() for one in begun.statistics],
        pages=request.addresses,
        bar=request.bar,
        rounds=request.rounds,
        pages_a_round=request.pages_a_round,
    )


@task(name="publish-market", **STEP)
async def publish(report: MarketReport) -> MarketReport:
    """Show the findings with their sources."""
    await publish_market(report)
    return report


def concluded(report: MarketReport) -> MarketReport:
    """Return what the flow returns; of a stopped thread Prefect's state that holds it."""
    result: MarketReport = as_result(report)
    return result


@asynccontextmanager
async def _reader() -> AsyncIterator[growth.ReadPage]:
    async with website_fetcher(settings()) as fetcher:

        async def read(url: str) -> Page:
            return await read_page(fetcher, url)

        yield read


async def read_page(fetcher: WebsiteFetcher, url: str) -> Page:
    """Read a page as text; say why where there is none."""
    fetched = await fetcher.fetch(url)
    if fetched.status is not PageStatus.OK:
        return Page(url=url, why=fetched.why or str(fetched.status))
    page = (fetched.final_url, fetched.body)
    try:
        read = await page_processes.call(settings().read(WebsiteSettings).reading_s, read_texts, (page,), _PAGE_CHARS)
    except UnreadablePage as error:
        return Page(url=url, why=str(error))
    return Page(url=read[0][0], text=read[0][1]) if read else Page(url=url, why="the page has no text")


def statistics_of(frame: pd.DataFrame) -> list[Evidence]:
    """Say in sentences what a segment consists of.

    Args:
        frame: one row a lead, columns `db.leads.segments.COUNTED`.

    Returns:
        None for an empty segment; else the number of leads, and the most frequent values of what is known of them.
    """
    count = len(frame)
    if not count:
        return []
    said = [(f"The segment has {count:,} leads.", count)]
    said += _shares(frame["industry"], "are in the industry {}")
    said += _shares(frame["country"].map(normalize.country, na_action="ignore"), "are in {}")
    said += _shares(frame["company_size"], "are at companies of {} people")
    roles = frame["contact_title"].dropna().map(lambda title: read_title(str(title)).role)
    said += _shares(roles, "are the {} of their company, of those whose title says that they decide")
    said += _shares(frame["tier"], "are {} by our own assessment, of those that were assessed")
    reachable = int(frame["contact_email"].notna().sum())
    said.append((f"{reachable:,} of {count:,} leads ({_percent(reachable, count)}) have an e-mail address.", count))
    return [
        Evidence(id=f"s{number}", kind="statistic", source=_OWN, text=text, weight=weight)
        for number, (text, weight) in enumerate(said, 1)
    ]


def _shares(values: "pd.Series[Any]", what: str) -> list[tuple[str, int]]:
    known = values.dropna().astype(str).map(lambda value: " ".join(value.split()))
    count = len(known)
    tops = known[known.map(_is_plain)].value_counts().head(_TOP)
    return [
        (f"{int(found):,} of {count:,} leads ({_percent(int(found), count)}) {what.format(value)}.", count)
        for value, found in tops.items()
        if found > 1
    ]


def _is_plain(value: str) -> bool:
    """Tell whether a value is a name of something; whole sentences, orders among them, are not."""
    is_short = 0 < len(value) <= _MAX_VALUE and len(value.split()) <= 6
    return is_short and not carries_address(value) and not gives_orders(value)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %"


def report_of(begun: MarketPlan, outcome: Outcome, *, by_model: bool) -> MarketReport:
    """Return the report of a thread that has ended or was stopped."""
    base = MarketReport(
        thread_id=begun.thread_id,
        segment=begun.request.segment.name,
        question=begun.request.question,
        status="stopped",
        by="model" if by_model else "rules",
        leads=begun.leads,
        unreadable=dict.fromkeys(begun.request.refused, "no address of a page"),
    )
    if isinstance(outcome, Stopped):
        return base.model_copy(update={"reason": outcome.reason})
    values = getattr(outcome, "values", {})
    reason = values.get("reason")
    rejected = pd.Series([one["fault"] for one in values.get("rejected", [])], dtype=object).value_counts()
    return base.model_copy(
        update={
            "status": "findings" if reason is None else "not_enough_evidence",
            "reason": reason,
            "confidence": values.get("confidence", 0.0),
            "findings": [Finding(**one) for one in values.get("findings", [])],
            "rounds": values.get("round", 0),
            "pages_read": sum(one["kind"] == "page" for one in values.get("evidence", [])),
            "unreadable": base.unreadable | {one["url"]: one["why"] for one in values.get("unreadable", [])},
            "rejected": {str(fault): int(found) for fault, found in rejected.items()},
        }
    )
