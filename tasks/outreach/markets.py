"""A market researched: the agent run over our own leads and the named pages, and its report."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pandas as pd

from agents import growth
from agents.models import Job
from core.enrichment.page_reading import read_texts
from core.errors import UnreadablePage
from core.outreach.markets import (
    Finding,
    MarketPage,
    MarketPlan,
    MarketReport,
)
from core.settings.settings import settings
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.pages import PageStatus
from integrations.websites.plug import WebsiteSettings
from langgraph_prefect.values import GraphOutcome, Stopped
from tasks.agents.graphs import as_result, model_for, run_thread
from tasks.runtime.page_processes import page_processes
from tasks.runtime.websites import website_fetcher

log = logging.getLogger(__name__)

_PAGE_CHARS = 20_000


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


def concluded(report: MarketReport) -> MarketReport:
    """Return what the flow returns; of a stopped thread Prefect's state that holds it."""
    result: MarketReport = as_result(report)
    return result


@asynccontextmanager
async def _reader() -> AsyncIterator[growth.ReadPage]:
    async with website_fetcher(settings()) as fetcher:

        async def read(url: str) -> MarketPage:
            return await read_page(fetcher, url)

        yield read


async def read_page(fetcher: WebsiteFetcher, url: str) -> MarketPage:
    """Read a page as text; say why where there is none."""
    fetched = await fetcher.fetch(url)
    if fetched.status is not PageStatus.OK:
        return MarketPage(url=url, why=fetched.why or str(fetched.status))
    page = (fetched.final_url, fetched.body)
    try:
        read = await page_processes.call(settings().read(WebsiteSettings).reading_s, read_texts, (page,), _PAGE_CHARS)
    except UnreadablePage as error:
        return MarketPage(url=url, why=str(error))
    return MarketPage(url=read[0][0], text=read[0][1]) if read else MarketPage(url=url, why="the page has no text")


def report_of(begun: MarketPlan, outcome: GraphOutcome, *, by_model: bool) -> MarketReport:
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


log = logging.getLogger(__name__)
