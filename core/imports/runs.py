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
from core.leads.identities import IdsOf
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


class FileRequest(Form):
    """Which file to read, and how: what every run that imports one is asked."""

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
    source: str | None = Field(
        default=None,
        max_length=200,
        title="Source label",
        description="Where the file comes from, for rows that do not say so. Makes an id column count as the lead's id",
    )
    ids: dict[str, IdsOf] = Field(
        default={},
        title="Whose ids",
        description='What detection should not decide of a column of ids: {"Account ID": "company"}; person, company '
        "or none",
    )
    branches: Literal["one", "each"] = Field(
        default="one",
        title="Branches",
        description="one: a company with many addresses is one lead. each: the place tells leads apart",
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


class ImportRequest(FileRequest):
    """Which file to import, and how."""

    dry_run: bool = Field(default=False, title="Dry run", description="Report what the import would do; write nothing")
    and_go_on: bool = Field(
        default=False,
        title="And go on",
        description="Afterwards a run of run-pipeline scores these leads, fills their gaps, finds who decides, and "
        "plans the CRM; nothing is sent or written there before you say yes",
    )

    @property
    def label(self) -> str:
        """What a run of it is called."""
        return f"{'preview' if self.dry_run else 'import'} {self.path.name}"

    def fingerprint(self, file_sha256: str, mapping: Mapping[str, str], *, ids_of: IdsOf = "none") -> str:
        """Name the file's bytes together with everything that decides what its rows become.

        Two runs with the same fingerprint are the same import: an interrupted one is taken up by the next.
        """
        options = self.model_dump(mode="json", exclude={"path", "mapping", "dry_run", "and_go_on"})
        facts = [file_sha256, sorted(mapping.items()), ids_of, options, rules_digest()]
        return sha256(json.dumps(facts).encode()).hexdigest()


class UndoRequest(Form):
    """Which import to undo."""

    import_id: UUID = Field(title="Import", description="The import's id, from its report or `sales-agent imports`")
    force: bool = Field(
        default=False, title="Force", description="Also undo in leads that a person has edited since the import"
    )


class BatchCounts(Frozen):
    """What one commit did: see `db.schema.tables.ImportBatchRow`."""

    inserted: int = 0
    matched: int = 0
    repeated: int = 0
    rejected: int = 0
    leads: int = 0
    contacts: int = 0
    elsewhere: int = 0
    duplicates: int = 0
    kept_apart: dict[str, int] = Field(default_factory=dict)


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


class RecordTotals(Frozen):
    """What became of the leads, or of the contacts, that the rows of a file named."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0


class ImportTotals(Frozen):
    """What an import came to: in rows, in leads, in contacts; pairs that may be one, and people also elsewhere."""

    rows: Totals
    leads: RecordTotals
    contacts: RecordTotals
    possible_duplicates: int
    elsewhere: int


class ImportReport(Report):
    """What an import did; the JSON of `sales-agent import --json`, a stable interface.

    `rows = inserted + updated + unchanged + duplicates + rejected`, always. A row is `inserted` that brought a lead or
    a contact, `updated` of which a value was stored, a duplicate where an earlier row of the same file named the same.
    `leads` and `contacts` say what became of those; `possible_duplicates` are pairs that wait for a person. `opt_outs`
    are rows whose person or address is never written to, as a column says; `opt_out_columns` tells which columns say so
    of how many, `unclear_opt_outs` which of their cells, the first of each column, say neither yes nor no. `seconds`
    and `rows_per_s` are those of this run: an import that was interrupted and taken up again counts what it read since.
    """

    import_id: UUID
    rows: int
    inserted: int
    updated: int
    unchanged: int
    duplicates: int
    rejected: int
    leads: RecordTotals = RecordTotals()
    contacts: RecordTotals = RecordTotals()
    possible_duplicates: int = 0
    opt_outs: int = 0
    opt_out_columns: dict[str, int] = Field(default_factory=dict)
    unclear_opt_outs: dict[str, list[str]] = Field(default_factory=dict)
    rejects_file: str | None
    warnings: list[str] = Field(default_factory=list)
    seconds: float
    rows_per_s: float
    peak_memory_mb: float

    @property
    def in_words(self) -> str:
        """What became of the file, in a line: "152 rows: 50 companies, 150 people, 2 rejected"."""
        brought, people = self.leads.inserted, self.contacts.inserted
        said = [f"{brought:,} new {'company' if brought == 1 else 'companies'}"]
        said.append(f"{people:,} new {'person' if people == 1 else 'people'}")
        for count, word in (
            (self.leads.updated + self.contacts.updated, "updated"),
            (self.unchanged, "unchanged"),
            (self.duplicates, "repeated"),
            (self.rejected, "rejected"),
            (self.opt_outs, "opted out"),
        ):
            said += [f"{count:,} {word}"] if count else []
        return f"{self.rows:,} {'row' if self.rows == 1 else 'rows'}: {', '.join(said)}"


_SHARED = {
    "company_id": ("an id", "external_id"),
    "person_id": ("an id", "external_id"),
    "email": ("an e-mail address", "contact_email"),
    "profile": ("a profile on LinkedIn", "linkedin_url"),
    "domain": ("a domain", "company_domain"),
    "derived_domain": ("a domain of their address", "contact_email"),
    "company_page": ("a page on LinkedIn", "company_linkedin_url"),
}


def warnings_of(
    kept_apart: Mapping[str, int], mapping: Mapping[str, str], no_identity: str | None, *, elsewhere: int = 0
) -> list[str]:
    """Return, in words, which rows share with another person or company what should be their own.

    Args:
        kept_apart: kind of identity -> rows; with further addresses, as `core.leads.matching` counts them.
        mapping: column label -> field.
        no_identity: why the column of ids is nobody's (`core.imports.column_ids`).
        elsewhere: rows whose person also stands at another company.
    """
    labels = {field: f" ({label.strip()})" for label, field in mapping.items()}
    said = []
    if no_identity and "external_id" in labels:
        column = labels["external_id"][2:-1]
        said.append(
            f"{column} {no_identity}: rows that share one were kept apart, and nobody was recognised by it "
            f'(--id "{column}=person" or "{column}=company" says whose it is)'
        )
    for kind, (what, field) in _SHARED.items():
        if rows := kept_apart.get(kind, 0):
            share, were = ("row shares", "was") if rows == 1 else ("rows share", "were")
            column = labels.get(field, "")
            said.append(f"{rows:,} {share} {what}{column} with another person or company and {were} kept apart")
    if further := kept_apart.get("address", 0):
        said.append(_branches(further, kept_apart.get("branched", 0)))
    if elsewhere:
        said.append(
            f"{elsewhere:,} {'person also stands' if elsewhere == 1 else 'people also stand'} at another company"
        )
    return said


def _branches(further: int, companies: int) -> str:
    if not companies:  # they had several before
        rows = "row gives its company" if further == 1 else "rows give their companies"
        return f"{further:,} {rows} one more address (--branches each makes each a lead of its own)"
    addresses = further + companies
    are = "one company" if companies == 1 else f"{companies:,} companies"
    return f"{addresses:,} rows are {are} with {addresses:,} addresses (--branches each makes each a lead of its own)"


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


KeptReason = Literal["edited_since", "also_in_another_import", "in_use"]


class KeptLead(Frozen):
    """A lead, or a contact of it, that an undo left as it is, and why.

    `in_use`: a CRM link, an approval, a sent message or a meeting stands for it, or, for a lead, a contact that stays.
    """

    lead_id: UUID
    contact_id: UUID | None = None
    reason: KeptReason


class UndoReport(Report):
    """What an undo did, in leads, and with `contacts` in contacts; `kept` names up to a hundred it left alone."""

    import_id: UUID
    already_undone: bool = False
    removed: int = 0
    restored: int = 0
    kept_edited: int = 0
    kept_shared: int = 0
    kept_in_use: int = 0
    contacts_removed: int = 0
    contacts_restored: int = 0
    contacts_kept: int = 0
    kept: list[KeptLead] = Field(default_factory=list)
