"""What a run of an import shows in the Prefect UI."""

from collections.abc import Mapping
from pathlib import Path

from prefect.artifacts import acreate_link_artifact, acreate_table_artifact

from core.imports.columns import ColumnMapping
from core.imports.preview import PreviewReport
from core.imports.runs import ImportReport, UndoReport
from db.imports import history as imports
from tasks.runtime.artifacts import show_facts
from tasks.runtime.resources import database

_FIRST_REJECTS = 20


async def show_import(report: ImportReport, mapping: ColumnMapping) -> None:
    """Show the report, the mapping, the first rejects, and where the rejects file is."""
    await show_facts("import-report", report.to_json(), "What became of the file's rows")
    await _show_mapping(mapping.mapping, mapping.confidence)
    if report.rejects_file:
        await _show_rejects(report, Path(report.rejects_file))


async def _show_rejects(report: ImportReport, file: Path) -> None:
    async with database() as connection:
        first = await imports.first_rejects(connection, report.import_id, _FIRST_REJECTS)
    rows = [
        {"line": r.line, "column": r.reject.column, "value": r.reject.value, "reason": r.reject.reason} for r in first
    ]
    description = f"The first of {report.rejected} rejected rows; all are in {file}"
    await acreate_table_artifact(table=rows, key="first-rejects", description=description)
    await acreate_link_artifact(
        link=file.as_uri(),
        link_text=file.name,
        key="rejects-file",
        description=f"Rejected rows with `_line` and `_error`: mend and import them as they are. `{file}`",
    )


async def show_preview(report: PreviewReport) -> None:
    """Show what an import would do."""
    facts = report.to_json()
    mapping, confidence = facts.pop("mapping"), facts.pop("mapping_confidence")
    await show_facts("preview", facts, "What an import would do; nothing was written")
    await _show_mapping(mapping, confidence)


async def show_undo(report: UndoReport) -> None:
    """Show what an undo did and what it left alone."""
    facts = report.to_json()
    kept = facts.pop("kept")
    await show_facts("undo-report", facts, "What the undo did, in leads")
    if kept:
        await acreate_table_artifact(table=kept, key="kept-leads", description="Leads it left as they are, and why")


async def _show_mapping(mapping: Mapping[str, str], confidence: Mapping[str, float]) -> None:
    rows = [
        {"column": column, "field": field, "confidence": round(confidence.get(column, 0.0), 2)}
        for column, field in mapping.items()
    ]
    await acreate_table_artifact(table=rows, key="column-mapping", description="Which column is which field")
