"""CSV in, leads stored and deduplicated."""

from core.imports.preview import PreviewReport
from core.imports.runs import ImportReport
from tasks.imports import steps as imports
from tasks.imports.received_frames import RequestOrFrame
from tasks.runtime.orchestration import flow


@flow(name="import-leads", flow_run_name="{request.label}")
async def import_leads(request: RequestOrFrame) -> ImportReport | PreviewReport:
    """Import leads from a CSV file.

    Started by hand. Reads one file; writes leads, the import's report and its rejects. Safe twice: the same bytes
    change nothing, and an import that was interrupted goes on at its last commit. A dry run writes nothing.
    """
    file = await imports.receive_file(request)
    mapping = await imports.map_file(file, request)
    if request.dry_run:
        return await imports.publish_preview(await imports.preview(file, mapping, request))
    report = await imports.load_leads(file, mapping, request)
    await imports.remember_mapping(file, mapping, request)
    await imports.go_on(report, request)
    return await imports.publish_import(report, mapping)
