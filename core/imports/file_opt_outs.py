"""Who a file says is not to be written to, row by row: the columns that say so, and whom each row means.

Only columns that no field takes are looked at. What they say counts whatever becomes of the row: a lead that is there
already, a row that repeats another, one that an undo takes away.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from core.imports.column_readings import read_name
from core.imports.columns import ColumnMapping
from core.imports.lead_rows import ImportedRow, RowReader
from core.imports.opt_out_columns import OptOutColumn, Said, read_cell, read_header
from core.leads.identities import IdentityKind, IdsOf
from core.leads.lead import FIELDS
from core.leads.rows import new_row
from core.outreach.opt_outs import LeadFields, id_keys, person_name, targets
from core.outreach.suppression import Reason, Target, of_voice
from core.text import normalize

_REASONS = {
    Said.OPT_OUT: Reason.OPT_OUT,
    Said.COMPLAINT: Reason.COMPLAINT,
    Said.BOUNCE: Reason.BOUNCE,
    Said.NO_CALL: Reason.DO_NOT_CALL,
}
_UNCLEAR_LISTED = 5
_LONGEST_UNCLEAR = 60
_MEMO_SIZE = 10_000


class Refusal(NamedTuple):
    """Somebody whom a row says not to write to, why, and the column that says it."""

    target: Target
    reason: Reason
    column: str


class FileOptOuts:
    """Reads the refusals of a file's rows and keeps count.

    Attributes:
        rows: rows that refuse, or whose address takes no mail.
        columns: label -> rows that it says so of; every column that is read, but those of states that say it of nobody.
        unclear: label -> the first of its cells that say neither yes nor no.
    """

    def __init__(self, mapping: ColumnMapping, read_row: RowReader) -> None:
        self.rows = 0
        self.columns: Counter[str] = Counter()
        self.unclear: dict[str, list[str]] = {}
        self._read_row = read_row
        self._ids_of = mapping.ids_of
        self._columns: list[tuple[int, str, OptOutColumn, dict[str, Said]]] = []
        self._emails: list[int] = []
        own = mapping.own_labels
        for index, (label, field, _) in enumerate(mapping.columns):
            column = None if field or label in own else read_header(label)
            if column is not None:
                self._columns.append((index, label, column, {}))
                self.columns[label] += 0
            elif field == "contact_email" or (field is None and _is_of_addresses(label)):
                self._emails.append(index)

    @property
    def has_columns(self) -> bool:
        """Whether there is any column that may refuse; without one no row need be looked at."""
        return bool(self._columns)

    @property
    def counted(self) -> dict[str, int]:
        """Columns with how many rows they refuse for; a column of states only where it does."""
        of_states = {label for _, label, column, _ in self._columns if column.kind == "status"}
        return {label: count for label, count in self.columns.items() if count or label not in of_states}

    def read(self, cells: list[str]) -> list[Refusal]:
        """Return whom a row says not to write to."""
        found: list[tuple[Said, str, OptOutColumn, str]] = []
        for index, label, column, memo in self._columns:
            cell = cells[index] if index < len(cells) else ""
            said = memo.get(cell)
            if said is None:
                said = self._learn(label, column, cell, memo)
            if said in _REASONS:
                found.append((said, label, column, cell))
        if not found:
            return []
        self.rows += 1
        self.columns.update(label for _, label, _, _ in found)
        return list(self._refusals(cells, found))

    def _learn(self, label: str, column: OptOutColumn, cell: str, memo: dict[str, Said]) -> Said:
        said = read_cell(column, cell)
        if said is Said.UNCLEAR:
            listed = self.unclear.setdefault(label, [])
            text = cell.strip()[:_LONGEST_UNCLEAR]
            if len(listed) < _UNCLEAR_LISTED and text not in listed:
                listed.append(text)
        if len(memo) < _MEMO_SIZE:
            memo[cell] = said
        return said

    def _refusals(self, cells: list[str], found: list[tuple[Said, str, OptOutColumn, str]]) -> Iterator[Refusal]:
        row = self._read_row(cells)
        values = row.values if isinstance(row, ImportedRow) else [None] * len(FIELDS)
        lead = dict(zip(FIELDS, values, strict=True))
        ids = _ids(values, lead, self._ids_of)
        main = lead.get("contact_email")
        addresses = [main] if main else []
        for text in [cells[index] for index in self._emails if index < len(cells)] + [cell for *_, cell in found]:
            addresses += _addresses(text) if "@" in text or "＠" in text else []
        for said, label, column, _ in found:
            if said is Said.BOUNCE:
                meant = [Target("address", address) for address in addresses[:1]]
            else:
                meant = targets(lead, addresses, of_company=column.is_of_company, **ids)
            if said is Said.NO_CALL:
                meant = [of_voice(each) for each in meant]
            yield from (Refusal(target, _REASONS[said], label) for target in meant)


_MANYS_DOMAIN = (IdentityKind.DOMAIN, IdentityKind.DERIVED_DOMAIN)
"""Several companies may have it, which shows only once they are stored: the domain is a key of its own."""


def _ids(values: Sequence[str | None], lead: LeadFields, ids_of: IdsOf) -> dict[str, list[str]]:
    """Return what a row's person and company are stored under: it finds them also by another name and address."""
    row = new_row(values, ids_of=ids_of)
    has_person = person_name(lead) or lead.get("contact_title") or row.person_ids
    of_person = [*row.person_ids, row.person_row] if has_person else []
    of_company = [each for each in (*row.lead_ids, row.lead_row) if each and each.kind not in _MANYS_DOMAIN]
    return {
        "person_ids": id_keys(identities=[UUID(each.key) for each in of_person if each]),
        "company_ids": id_keys(identities=[UUID(each.key) for each in of_company]),
    }


def _is_of_addresses(label: str) -> bool:
    reading = read_name(label)
    return reading.has("email") and not reading.blocked and not reading.has("company", "id", "source", "domain")


def _addresses(text: str) -> list[str]:
    """Return every address in a cell."""
    found = (normalize.email(part) for part in text.replace(",", " ").replace(";", " ").split())
    return [address for address in found if address is not None]
