"""A campaign written: variants per persona and tone, a message for each person, nothing sent unapproved."""

from core.outreach.campaigns import CampaignReport, CampaignRequest
from tasks.outreach import campaigns
from tasks.outreach import steps as outreach
from tasks.runtime.orchestration import flow


@flow(name="write-campaign", flow_run_name="campaign {request.segment.name}")
async def write_campaign(request: CampaignRequest) -> CampaignReport:
    """Write messages for a segment or a list of leads, as drafts that wait for approval.

    Started by hand. Reads leads; writes the thread of the marketing agent, the campaign, and an approval a message.
    Sends nothing. Safe twice: run again with the thread's id, or retried, it goes on; the same message is the same
    approval.
    """
    plan = await outreach.see_audience(request)
    written = await campaigns.write(plan)
    report = await outreach.draft_messages(plan, written)
    return campaigns.concluded(await outreach.publish_campaign(report))
