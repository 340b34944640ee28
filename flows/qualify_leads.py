"""Leads scored against the ideal customer, with a reason."""

from core.qualification.runs import QualificationReport, QualifyRequest
from tasks.qualification import batches
from tasks.qualification import steps as qualification
from tasks.runtime.orchestration import flow


@flow(name="qualify-leads", flow_run_name="{request.label}")
async def qualify_leads(request: QualifyRequest) -> QualificationReport:
    """Score the leads that have no current assessment.

    Started by hand. Reads leads and a profile; writes assessments, each batch as it is done. Safe twice: what was
    assessed by this profile and its present facts is not due. Two at once share the work, no lead is done twice.
    """
    plan = await qualification.plan(request)
    await batches.qualify_batches(plan)
    report = await qualification.finish(plan)
    return await qualification.publish_qualification(report)
