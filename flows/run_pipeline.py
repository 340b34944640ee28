"""The whole way in one run: a file in, and at its end a plan for the CRM that waits for a yes."""

from core.pipeline.runs import PipelineReport, PipelineRequest
from flows.discover_contacts import discover_contacts
from flows.enrich_leads import enrich_leads
from flows.import_leads import import_leads
from flows.qualify_leads import qualify_leads
from flows.sync_crm import sync_crm
from tasks.pipeline import stages
from tasks.pipeline import steps as pipeline
from tasks.runtime.orchestration import flow


@flow(name="run-pipeline", flow_run_name="{request.path.name} until {request.until}")
async def run_pipeline(request: PipelineRequest) -> PipelineReport:
    """Import a file, score its leads, fill the gaps of the wanted ones, find who decides, and plan the CRM.

    Started by hand, or by an import that goes on. Writes what the flows below it write; of the CRM nothing changes
    before somebody approves the plan. What a step cannot do is said, and the rest runs. Safe twice and killed
    anywhere: the same file goes on where it stopped, and nothing is asked or bought twice.
    """
    line = stages.Line(await pipeline.check(request))
    await line.bring_in(import_leads)
    await line.score(qualify_leads)
    await line.enrich(enrich_leads)
    await line.discover(discover_contacts)
    await line.score(qualify_leads, again=True)
    await line.plan(sync_crm)
    return await pipeline.publish(line.report())
