"""A market researched: our own leads counted, named pages read, findings with their sources."""

from core.outreach.markets import MarketReport, MarketRequest
from tasks.outreach import markets
from tasks.outreach import steps as outreach
from tasks.runtime.orchestration import flow


@flow(name="research-market", flow_run_name="research {request.segment.name}")
async def research_market(request: MarketRequest) -> MarketReport:
    """Research the market that a segment of our leads is.

    Started by hand. Reads leads and the named pages; writes the thread of the growth agent. Safe twice: run again with
    the thread's id, or retried, it goes on after the last finished step; a finished thread is only reported again.
    """
    plan = await outreach.count_segment(request)
    report = await markets.research(plan)
    return markets.concluded(await outreach.publish_market(report))
