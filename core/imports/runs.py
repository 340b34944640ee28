"""What a CSV import is asked for, and what it answers."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from core.forms import Form, Frozen, Report
from core.imports.csv_format import FormatOptions
from core.leads.lead import DedupeKey
from core.leads.merging import ConflictPolicy
from core.text.country_readings import known_code


@cache
def rules_digest() -> str:
    """Return the SHA-256 of this package's files: another version may read the same bytes differently."""
    digest = sha256()
    for file in sorted(Path(__file__).parents[1].rglob("*")):
        if file.suffix in {".py", ".txt"}:
            digest.update(file.read_bytes())
    return digest.hexdigest()


class ImportRequest(Form):
    """Which file to import, and how."""

    path: Path = Field(
        title="File",
        description="The CSV file. In a form: a file in the upload directory, by name. Elsewhere: any path",
    )
    mapping: dict[str, str] = Field(
        default={},
        title="Column mapping",
        description='What detection should not decide: {"Firma": "company_name"}; an empty field leaves a column out',
    )
    policy: ConflictPolicy = Field(
        default=ConflictPolicy.FILL_EMPTY,
        title="Leads that are already there",
        description="fill_empty: fill what is empty. overwrite: take what the file says. skip: leave them alone",
    )
    dry_run: bool = Field(default=False, title="Dry run", description="Report what the import would do; write nothing")
    source: str | None = Field(
        default=None,
        max_length=200,
        title="Source label",
        description="Where the file comes from, for rows that do not say so. Makes an id column count as the lead's id",
    )
    dedupe: DedupeKey = Field(
        default="auto",
        title="Dedupe key",
        description="What makes two rows the same lead. auto: id with source, else e-mail, else domain and person, "
        "else company and city, else the whole row",
    )
    default_country: Annotated[str, AfterValidator(known_code)] | None = Field(
        default=None,
        title="Country of phone numbers",
        description="ISO 3166 code or name, for numbers without a country code in rows that name no country",
    )
    encoding: str | None = Field(default=None, title="Encoding", description="Empty: detected")
    delimiter: str | None = Field(
        default=None, min_length=1, max_length=1, title="Delimiter", description="Empty: detected"
    )
    has_header: bool | None = Field(default=None, title="Has a header row", description="Empty: detected")
    preamble_lines: int | None = Field(
        default=None, ge=0, le=1000, title="Lines above the header", description="Empty: detected"
    )

    @property
    def format_options(self) -> FormatOptions:
        """What overrides the detection."""
        return FormatOptions(self.encoding, self.delimiter, self.has_header, self.preamble_lines)

    def fingerprint(self, file_sha256: str, mapping: Mapping[str, str], *, ids_count: bool = True) -> str:
        """Name the file's bytes together with everything that decides what its rows become.

        Two runs with the same fingerprint are the same import: an interrupted one is taken up by the next.
        """
        options = self.model_dump(mode="json", exclude={"path", "mapping", "dry_run"})
        facts = [file_sha256, sorted(mapping.items()), ids_count, options, rules_digest()]
        return sha256(json.dumps(facts).encode()).hexdigest()


class UndoRequest(Form):
    """Which import to undo."""

    import_id: UUID = Field(title="Import", description="The import's id, from its report or `sales-agent imports`")
    force: bool = Field(
        default=False, title="Force", description="Also undo in leads that a person has edited since the import"
    )


class BatchCounts(Frozen):
    """What one commit did, in rows: see `db.schema.tables.ImportBatchRow`."""

    inserted: int = 0
    matched: int = 0
    updated: int = 0
    repeated: int = 0
    rejected: int = 0
    kept_apart: dict[str, int] = Field(default_factory=dict)

    def plus(self, other: "BatchCounts") -> "BatchCounts":
        """Add what another part of the same commit did."""
        kinds = self.kept_apart | {kind: self.kept_apart.get(kind, 0) + rows for kind, rows in other.kept_apart.items()}
        numbers = ("inserted", "matched", "updated", "repeated", "rejected")
        return BatchCounts(**{name: getattr(self, name) + getattr(other, name) for name in numbers}, kept_apart=kinds)


class Totals(Frozen):
    """What became of the rows of a file: every row is in exactly one count."""

    inserted: int
    updated: int
    unchanged: int
    duplicates: int
    rejected: int

    @property
    def rows(self) -> int:
        """All rows."""
        return self.inserted + self.updated + self.unchanged + self.duplicates + self.rejected


class ImportReport(Report):
    """What an import did; the JSON of `sales-agent import --json`, a stable interface.

    `rows = inserted + updated + unchanged + duplicates + rejected`, always. `duplicates` are rows whose lead an earlier
    row of the same file named. `opt_outs` are rows whose person or address is never written to, as a column says;
    `opt_out_columns` tells which columns say so of how many, `unclear_opt_outs` which of their cells, the first of each
    column, say neither yes nor no. `seconds` and `rows_per_s` are those of this run: an import that was interrupted and
    taken up again counts what it read since.
    """

    import_id: UUID
    rows: int
    inserted: int
    updated: int
    unchanged: int
    duplicates: int
    rejected: int
    opt_outs: int = 0
    opt_out_columns: dict[str, int] = Field(default_factory=dict)
    unclear_opt_outs: dict[str, list[str]] = Field(default_factory=dict)
    rejects_file: str | None
    warnings: list[str] = Field(default_factory=list)
    seconds: float
    rows_per_s: float
    peak_memory_mb: float


_SHARED = {
    "id": ("an id", "external_id"),
    "email": ("an e-mail address", "contact_email"),
    "domain": ("a domain", "company_domain"),
    "company": ("a company's name", "company_name"),
}


def warnings_of(kept_apart: Mapping[str, int], mapping: Mapping[str, str], no_identity: str | None) -> list[str]:
    """Return, in words, which rows share with another person or company what should be their own.

    Args:
        kept_apart: kind of key -> rows (`core.imports.batches.Placing`).
        mapping: column label -> field.
        no_identity: why the column of ids is none of the rows' (`core.imports.column_ids`).
    """
    labels = {field: f" ({label.strip()})" for label, field in mapping.items()}
    said = []
    if no_identity and "external_id" in labels:
        column = labels["external_id"][2:-1]
        said.append(
            f"{column} {no_identity}: rows that share one were kept apart, and nobody was recognised by it "
            f'(--map "{column}=external_id" takes it for the rows\' own all the same)'
        )
    for kind, (what, field) in _SHARED.items():
        if rows := kept_apart.get(kind, 0):
            share, were = ("row shares", "was") if rows == 1 else ("rows share", "were")
            column = labels.get(field, "")
            said.append(f"{rows:,} {share} {what}{column} with another person or company and {were} kept apart")
    return said


class ImportSummary(Report):
    """One line of `sales-agent imports`."""

    import_id: UUID
    file_name: str
    status: Literal["running", "interrupted", "finished", "undone"]
    started_at: datetime
    finished_at: datetime | None
    rows: int
    inserted: int
    updated: int
    rejected: int


class KeptLead(Frozen):
    """A lead that an undo left as it is, and why."""

    lead_id: UUID
    reason: Literal["edited_since", "also_in_another_import"]


class UndoReport(Report):
    """What an undo did, in leads; `kept` names up to a hundred of those it left alone."""

    import_id: UUID
    already_undone: bool = False
    removed: int = 0
    restored: int = 0
    kept_edited: int = 0
    kept_shared: int = 0
    kept: list[KeptLead] = Field(default_factory=list)
