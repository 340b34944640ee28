"""Decides which column goes into which field of a lead.

Three kinds of evidence, in this order: what the user said or confirmed before; what the column's name says
(`column_words`),
read together with its neighbours; what its cells look like (`column_content`), which can veto a name or stand in
for one.
Two columns never land in one field: the better one wins, the other stays unmapped. A wrong mapping is worse than none.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.errors import InvalidInput
from core.imports.column_content import ColumnProfile, profile
from core.imports.column_evidence import supports
from core.imports.column_ids import ids_of_column
from core.imports.column_meaning import Guess, meaning_of
from core.imports.column_readings import Table, has_person, read_name, table_of
from core.imports.column_words import fold_header
from core.imports.ragged_rows import TableShape, shape_of
from core.leads.exported import ABOUT_LEADS, is_export
from core.leads.fields import BY_NAME, FieldType
from core.leads.identities import IdsOf
from core.leads.lead import FIELDS

MORE_COLUMN = "_more"
OWN_COLUMNS = frozenset({"_line", "_error", MORE_COLUMN})
"""Columns that our own reject files add: never mapped, never kept."""
THRESHOLD = 0.5
SAMPLE_ROWS = 400
_SPARSE = {"contact_phone": 0.08, "company_phone": 0.08, "notes": 0.15, "contact_email": 0.25}
"""Fields of which a table may have several columns: what one loses of its confidence that is hardly filled."""
_NO_SHAPE = TableShape()
_ADDRESSES = frozenset({FieldType.PHONE, FieldType.EMAIL})


@dataclass(frozen=True)
class ColumnMapping:
    """Which column goes where.

    Attributes:
        columns: (label, field or None, confidence 0-1) in file order.
        shape: What the columns hold, for rows that have shifted.
        ids_of: Whose the ids of the column of ids are (`core.imports.column_ids`).
        no_identity: Why they are nobody's; None where they are somebody's.
        countries_are_codes: Whether the column of countries holds codes of two letters, of which 'NA' is one.
        no_rows: Records that are no rows, with the reason: the header again, totals, notices at the foot.
        is_damaged: Whether the file has bytes that its encoding does not have: rows that hold them are refused.
    """

    columns: tuple[tuple[str, str | None, float], ...]
    ids_of: IdsOf = "none"
    no_identity: str | None = None
    shape: TableShape = _NO_SHAPE
    countries_are_codes: bool = False
    no_rows: Mapping[tuple[str, ...], str] = dataclasses.field(default_factory=dict)
    is_damaged: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """All column labels, in file order."""
        return tuple(label for label, _, _ in self.columns)

    @property
    def own_labels(self) -> frozenset[str]:
        """Labels of the columns that this program writes itself, into rejects files and exports: no news."""
        labels = self.labels
        own = {*OWN_COLUMNS, *(ABOUT_LEADS if is_export(labels) else ())}
        return frozenset(label for label, field, _ in self.columns if not field and label.strip() in own)

    @property
    def mapping(self) -> dict[str, str]:
        """Label -> field, of the mapped columns."""
        return {label: field for label, field, _ in self.columns if field}

    @property
    def confidence(self) -> dict[str, float]:
        """Label -> confidence 0-1, of the mapped columns."""
        return {label: confidence for label, field, confidence in self.columns if field}

    @property
    def unmapped(self) -> list[str]:
        """Labels of the columns that go to no field."""
        return [label for label, field, _ in self.columns if not field]


def parse_override(text: str) -> tuple[str, str]:
    """Read 'Firma=company_name' as (label, field); an empty field means: leave unmapped.

    Raises:
        InvalidInput: There is no '='.
    """
    label, sign, field = text.rpartition("=")
    if not sign:
        raise InvalidInput(f"a mapping is COLUMN=field, not {text!r}")
    return label, field.strip()


def map_columns(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    *,
    overrides: Mapping[str, str] | None = None,
    remembered: Mapping[str, str] | None = None,
    ids: Mapping[str, IdsOf] | None = None,
) -> ColumnMapping:
    """Decide for every column which field it goes to, if any.

    Args:
        header: Column labels, as `CsvFormat.header` gives them.
        sample: Some records, cells in file order; ragged rows are fine.
        overrides: What the user says: label -> field, '' for none. Wins over everything.
        remembered: A mapping confirmed before for the same header; wins over guesses.
        ids: Whose the ids of a column are, by its label, as the user says: it is the column of ids.

    Raises:
        InvalidInput: An override names a column or a field that does not exist, or one field twice.
    """
    said = _checked_overrides(header, {**(overrides or {}), **dict.fromkeys(ids or {}, "external_id")})
    fixed = _fixed(header, said, remembered or {})
    rows = sample[:SAMPLE_ROWS]
    profiles = [profile(_cells(rows, index)) for index in range(len(header))]
    # A mapping that a person confirmed as a whole says also which columns to leave alone.
    is_settled = remembered is not None and not said and set(remembered) >= set(header)
    chosen = {} if is_settled else _chosen(header, _guesses(header, profiles, rows), fixed)
    columns = tuple(
        (label, fixed[label] or None, 1.0) if label in fixed else (label, *chosen.get(index, (None, 0.0)))
        for index, label in enumerate(header)
    )
    ids_of, no_identity = _ids_of(header, columns, profiles, rows)
    if ids:
        ids_of, no_identity = next(iter(ids.values())), None
    elif "external_id" in fixed.values() and ids_of == "none":  # who maps a column of ids by hand means it
        ids_of, no_identity = ("person" if has_person(_table(header, profiles)) else "company"), None
    fields = [field for _, field, _ in columns]
    return ColumnMapping(columns, ids_of, no_identity, shape_of(rows, fields), _holds_country_codes(rows, fields))


def _cells(rows: Sequence[Sequence[str]], index: int) -> list[str]:
    return [row[index] if index < len(row) else "" for row in rows]


def _holds_country_codes(rows: Sequence[Sequence[str]], fields: Sequence[str | None]) -> bool:
    """Return whether most of the countries are written in two letters, 'NA' aside, which says nothing by itself."""
    if "country" not in fields:
        return False
    at = fields.index("country")
    cells = [cell for row in rows if at < len(row) and (cell := row[at].strip()) not in ("", "NA")]
    return 2 * sum(len(cell) == 2 and cell.isupper() for cell in cells) > len(cells)


def _fixed(header: Sequence[str], said: Mapping[str, str], remembered: Mapping[str, str]) -> dict[str, str]:
    """What people decided, label -> field: what they say now before what they confirmed earlier, each field once."""
    known = {label: field for label, field in remembered.items() if label in header and (not field or field in FIELDS)}
    fixed: dict[str, str] = {}
    for label, field in (*said.items(), *known.items()):
        if label not in fixed and (not field or field not in fixed.values()):
            fixed[label] = field
    return fixed


def _chosen(header: Sequence[str], guesses: Sequence[Guess], fixed: Mapping[str, str]) -> dict[int, tuple[str, float]]:
    """Choose among the guesses for the columns about which nobody decided, the surest first: column -> field."""
    taken = {field for field in fixed.values() if field}
    chosen: dict[int, tuple[str, float]] = {}
    own = {*OWN_COLUMNS, *(ABOUT_LEADS if is_export(header) else ())}
    for guess in sorted(guesses, key=lambda guess: (-guess.confidence, guess.column)):
        label = header[guess.column]
        is_open = label not in fixed and label.strip() not in own and guess.column not in chosen
        if is_open and guess.confidence >= THRESHOLD and guess.field not in taken:
            chosen[guess.column] = (guess.field, round(guess.confidence, 2))
            taken.add(guess.field)
    return chosen


def _ids_of(
    header: Sequence[str],
    columns: Sequence[tuple[str, str | None, float]],
    profiles: Sequence[ColumnProfile],
    rows: Sequence[Sequence[str]],
) -> tuple[IdsOf, str | None]:
    fields = {field: index for index, (_, field, _) in enumerate(columns) if field}
    if "external_id" not in fields:
        return "none", None
    at = fields["external_id"]
    reading = read_name(_name_of(header[at], at))
    return ids_of_column(reading, _table(header, profiles), at, fields, rows)


def _table(header: Sequence[str], profiles: Sequence[ColumnProfile]) -> Table:
    return table_of([read_name(_name_of(label, index)) for index, label in enumerate(header)], profiles)


def _checked_overrides(header: Sequence[str], overrides: Mapping[str, str]) -> dict[str, str]:
    stripped: dict[str, str] = {}
    for label in header:
        stripped.setdefault(label.strip(), label)
    said: dict[str, str] = {}
    for name, field in overrides.items():
        found = name if name in header else stripped.get(name.strip())
        if found is None:
            raise InvalidInput(f"there is no column {name!r}; the columns are: {', '.join(header)}")
        if field and field not in FIELDS:
            raise InvalidInput(f"there is no field {field!r}; the fields are: {', '.join(FIELDS)}")
        if field and field in said.values():
            raise InvalidInput(f"two columns are mapped to {field!r}; a field takes one")
        said[found] = field
    return said


def _guesses(header: Sequence[str], profiles: Sequence[ColumnProfile], rows: Sequence[Sequence[str]]) -> list[Guess]:
    """Return all guesses, vetoed by content, one list for all columns."""
    names = [_name_of(label, index) for index, label in enumerate(header)]
    guesses: list[Guess] = []
    for guess in meaning_of(names, profiles):
        evidence = profiles[guess.column]
        # Our own field names are meant, whatever the cells hold; 'city' or 'notes' are everybody's words.
        exact = "_" in guess.field and fold_header(names[guess.column]).replace(" ", "_") == guess.field
        confidence = 1.0 if exact else guess.confidence * supports(guess.field, evidence)
        if evidence.count == 0 and rows and not exact:
            confidence -= 0.12 if BY_NAME[guess.field].type in _ADDRESSES else 0.01
        if evidence.count and len(rows) > 1 and not exact:  # of several the one that most rows have
            confidence -= _SPARSE.get(guess.field, 0.0) * (1 - evidence.filled)
        # The second of a name is rarely the better one.
        if "#" in header[guess.column] and names[guess.column] != header[guess.column]:
            confidence -= 0.02
        guesses.append(replace(guess, confidence=confidence))
    return guesses


def _name_of(label: str, index: int) -> str:
    return "" if _is_made_up(label, index) else _without_number(label)


def _is_made_up(label: str, index: int) -> bool:
    return label == f"col_{index + 1}"


def _without_number(label: str) -> str:
    name, sign, number = label.rpartition("#")
    return name if sign and name and number.isdigit() else label
