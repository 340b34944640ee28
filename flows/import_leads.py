"""CSV in, leads stored and deduplicated."""

from core.imports.preview import PreviewReport
from core.imports.runs import ImportReport
from tasks.imports import artifacts as import_artifacts
from tasks.imports import steps as leads
from tasks.imports.received_frames import RequestOrFrame
from tasks.runtime.orchestration import flow


@flow(name="import-leads", flow_run_name="{request.path.name}")
async def import_leads(request: RequestOrFrame) -> ImportReport | PreviewReport:
    """Import leads from a CSV file.

    Started by hand. Reads one file; writes leads, the import's report and its rejects. Safe twice: the same bytes
    change nothing, and an import that was interrupted goes on at its last commit. A dry run writes nothing.
    """
    file = await leads.receive_file(request)
    mapping = await leads.map_file(file, request)
    if request.dry_run:
        return await import_artifacts.publish_preview(await leads.preview(file, mapping, request))
    report = await leads.load_leads(file, mapping, request)
    await leads.remember_mapping(file, mapping, request)
    return await import_artifacts.publish_import(report, mapping)
