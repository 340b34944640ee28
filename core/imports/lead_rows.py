"""Turns a CSV record into a lead's values, or says why it cannot be one. The hot path of an import: microseconds count.

`row_reader` prepares everything that depends on the mapping once; the function it gives does per row only what the row
needs. A row is importable when it names a company, or a website or domain, or has at least one valid e-mail.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from core.imports.columns import MORE_COLUMN, ColumnMapping
from core.leads.fields import BY_NAME, CLEANERS, COLUMNS, Cleaner, FieldType, LeadField
from core.leads.lead import FIELDS, POSITION
from core.text import cell_text, normalize
from core.text.country_readings import read_country
from core.text.header_units import factor_of, multiplied
from core.text.phones import phone
from core.text.size_dates import is_date, size_of_date


class ImportedRow(NamedTuple):
    """A row that can be imported.

    Attributes:
        values: In the order of `core.leads.lead.FIELDS`.
        extra: Column label -> text of the unmapped columns' filled cells; None where there are none.
        original: Field -> text as it stood, where the stored value differs in more than white space around it or
        was refused; of a country where it says more or something else than the code.
    """

    values: list[str | None]
    extra: dict[str, str] | None
    original: dict[str, str] | None


class Reject(NamedTuple):
    """A row that cannot be imported.

    Attributes:
        column: Label of the column that the reason is about; '' for the row as a whole.
        value: What stands there.
        reason: 'blank_row', 'invalid_email_only', 'phone_or_name_only', 'nothing_identifying' or
        'more_cells_than_columns', 'header_again', 'no_row' (a total, a notice), 'damaged_bytes'.
    """

    column: str
    value: str
    reason: str


RowReader = Callable[[list[str]], ImportedRow | Reject]
"""Turns a record's cells into a lead's values or a reason against it."""

_PHONES = tuple(field.name for field in COLUMNS if field.type is FieldType.PHONE)
_REPEATING = frozenset(field.name for field in COLUMNS if field.repeats)
_NAMING_FIRST = (FieldType.NAME, FieldType.PHONE, FieldType.PERSON_PROFILE)


def _naming(columns: Iterable[LeadField]) -> tuple[str, ...]:
    """List what names somebody without saying which lead it is: of a person all but the address, and each phone."""
    found = [
        field
        for field in columns
        if (field.of == "person" and field.type is not FieldType.EMAIL) or field.type is FieldType.PHONE
    ]
    found.sort(key=lambda field: field.of != "person")
    found.sort(key=lambda field: _NAMING_FIRST.index(field.type) if field.type in _NAMING_FIRST else len(_NAMING_FIRST))
    return tuple(field.name for field in found)


_NAMING = _naming(COLUMNS)
"""Fields that a refused row is told by, the first that it fills."""
_LOST = "\ufffd"
"""What stands for bytes that are none of the file's encoding."""
_MEMO_SIZE = 10_000
_COUNT = len(FIELDS)
_new_tuple = tuple.__new__
"""Quicker than a named tuple's own, for what is made once a row."""

_NAME, _WEBSITE, _DOMAIN = POSITION["company_name"], POSITION["company_website"], POSITION["company_domain"]
_EMAIL, _CITY, _COUNTRY = POSITION["contact_email"], POSITION["city"], POSITION["country"]
_FULL, _FIRST, _LAST = POSITION["contact_name"], POSITION["first_name"], POSITION["last_name"]
_SOURCE, _ID = POSITION["source"], POSITION["external_id"]


def row_reader(
    mapping: ColumnMapping,
    *,
    default_country: str | None = None,
    source: str | None = None,
    delimiter: str = ",",
) -> RowReader:
    """Prepare the function that reads one record.

    Args:
        mapping: Which column goes where.
        default_country: ISO alpha-2 code for phone numbers where the row names no country.
        source: The import's label; stored where the row has no source of its own.
        delimiter: The file's: what joins cells again that it cut.

    Returns:
        A function: cells of a record -> `ImportedRow` or `Reject`. Short records are padded, longer ones put right
        where that is certain (`core.imports.ragged_rows`).
    """
    return _RowReader(mapping, default_country, source, delimiter).read


class _RowReader:
    """What reading a row needs, worked out once for the mapping."""

    def __init__(
        self,
        mapping: ColumnMapping,
        default_country: str | None,
        source: str | None,
        delimiter: str,
    ) -> None:
        self._shape = mapping.shape
        self._no_rows = mapping.no_rows
        self._begins_none = frozenset(cells[0] for cells in mapping.no_rows if cells)
        self._is_damaged = mapping.is_damaged
        self._delimiter = delimiter
        self._more = next((index for index, label in enumerate(mapping.labels) if label.strip() == MORE_COLUMN), None)
        self._labels = mapping.labels
        self._known_labels = frozenset(mapping.labels)
        self._width = len(self._labels)
        self._country = default_country
        self._source = source
        self._rows = 0
        self._column_of = {field: index for index, (_, field, _) in enumerate(mapping.columns) if field}
        own = mapping.own_labels
        self._unmapped = [
            (index, label) for index, (label, field, _) in enumerate(mapping.columns) if not field and label not in own
        ]

        self._repeating: list[tuple[int, str, int, _Memo]] = []
        self._others: list[tuple[int, str, int, Callable[[str], str | None]]] = []
        for field, column in self._column_of.items():
            clean = _cleaner_of(field, mapping)
            if field in _REPEATING:
                memo = _Memo(clean, self._filled, is_country=BY_NAME[field].type is FieldType.COUNTRY)
                self._repeating.append((column, field, POSITION[field], memo))
            elif field not in _PHONES and field != "company_website":
                self._others.append((column, field, POSITION[field], clean))
        self._website = self._column_of.get("company_website")
        self._phones = [
            (self._column_of[field], field, POSITION[field]) for field in _PHONES if field in self._column_of
        ]

    def read(self, cells: list[str]) -> ImportedRow | Reject:
        """Read one record."""
        if cells and cells[0] in self._begins_none and (reason := self._no_rows.get(tuple(cells))):
            return Reject("", "", reason)
        if self._is_damaged and (damaged := next((cell for cell in cells if _LOST in cell), None)) is not None:
            return Reject("", damaged, "damaged_bytes")
        if len(cells) < self._width:
            cells = cells + [""] * (self._width - len(cells))
        if self._more is not None and len(cells) > self._more and cells[self._more].strip():
            return self._shifted(cells)  # a row of a rejects file that nobody has mended
        if len(cells) > self._width:
            straight = self._straight(cells)
            if straight is None:
                return self._shifted(cells)
            cells = straight
        original: dict[str, str] = {}
        values = self._values(cells, original)
        if not (values[_NAME] or values[_EMAIL] or values[_WEBSITE] or values[_DOMAIN]):
            return self._reject(cells)
        if values[_FIRST] and values[_LAST] and not values[_FULL]:
            values[_FULL] = f"{values[_FIRST]} {values[_LAST]}"
        if self._source and not values[_SOURCE]:
            values[_SOURCE] = self._source
        extra = self._extra(cells)
        return _new_tuple(ImportedRow, (values, extra or None, original or None))

    def _values(self, cells: list[str], original: dict[str, str]) -> list[str | None]:
        """Clean the cells of all fields; note in `original` what stood where a value says something else."""
        self._rows += 1
        values: list[str | None] = [None] * _COUNT
        for column, field, position, memo in self._repeating:
            raw = cells[column]
            known = memo.known.get(raw) or memo.learn(raw)
            values[position] = known[0]
            if known[1] is not None:
                original[field] = known[1]
        for column, field, position, clean in self._others:
            raw = cells[column]
            if raw:
                value = values[position] = clean(raw)
                if value is not raw and (kept := _original(raw, value)) is not None:
                    original[field] = kept
        if self._website is not None or self._phones:
            self._read_ways(cells, values, original)
        return values

    def _filled(self, memo: "_Memo") -> None:
        """Look a field up no longer whose values hardly repeat: that costs more than it saves."""
        if self._rows < 2 * _MEMO_SIZE:
            for column, field, position, each in self._repeating:
                if each is memo:
                    self._others = [*self._others, (column, field, position, memo.clean)]
            self._repeating = [entry for entry in self._repeating if entry[3] is not memo]

    def _read_ways(self, cells: list[str], values: list[str | None], original: dict[str, str]) -> None:
        """Clean the website, which names a domain too, and the phones, which need the row's country."""
        if self._website is not None and (raw := cells[self._website]):
            value, own_domain = normalize.site(raw)
            values[_WEBSITE] = value
            if value is not raw and (kept := _original(raw, value)) is not None:
                original["company_website"] = kept
            if value and not values[_DOMAIN]:
                values[_DOMAIN] = own_domain
        for column, field, position in self._phones:
            raw = cells[column]
            if raw:
                value = values[position] = phone(raw, values[_COUNTRY] or self._country)
                if value is not raw and (kept := _original(raw, value)) is not None:
                    original[field] = kept

    def _extra(self, cells: list[str]) -> dict[str, str]:
        """Collect what no field takes, with the cells beyond the header."""
        extra: dict[str, str] = {}
        for column, label in self._unmapped:
            raw = cells[column]
            if raw and not raw.isspace():
                extra[label] = raw if raw.isprintable() and "'" not in raw else cell_text.aside(raw)
        return self._add_beyond(extra, cells) if len(cells) > self._width else extra

    def _add_beyond(self, extra: dict[str, str], cells: list[str]) -> dict[str, str]:
        """Add the cells beyond the header, under names that no column has."""
        for number, cell in enumerate(cells[self._width :], self._width + 1):
            if cell.strip():
                label = f"col_{number}"
                while label in extra or label in self._known_labels:
                    label += "_"
                extra[label] = cell_text.aside(cell)
        return extra

    def _straight(self, cells: list[str]) -> list[str] | None:
        return self._shape.straight(cells, self._width, self._delimiter)

    def _shifted(self, cells: list[str]) -> Reject:
        return Reject("", self._delimiter.join(cells), "more_cells_than_columns")

    def _reject(self, cells: list[str]) -> Reject:
        if not any(map(str.strip, cells)):
            return Reject("", "", "blank_row")
        email_column = self._column_of.get("contact_email")
        if email_column is not None and cell_text.text(cells[email_column] or " "):
            return Reject(self._labels[email_column], cells[email_column], "invalid_email_only")
        for field in _NAMING:
            column = self._column_of.get(field)
            if column is not None and cell_text.text(cells[column] or " "):
                return Reject(self._labels[column], cells[column], "phone_or_name_only")
        return Reject("", "", "nothing_identifying")


def _named_country(raw: str) -> str | None:
    """Read a country in a column that does not hold codes: 'NA' says there that nothing is known."""
    return None if raw.strip() == "NA" else read_country(raw).code


def _size(raw: str) -> str | None:
    """Read how many people work somewhere, also where a spreadsheet has made a date of the range."""
    value = normalize.number_range(raw)
    return size_of_date(value) if value and not value.isdigit() and is_date(value) else value


def _amounts_in(factor: int) -> Cleaner:
    """Return what reads amounts of a column whose name says in what they are; an amount's own unit goes first."""
    if factor == 1:
        return normalize.number_range

    def read(raw: str) -> str | None:
        value = normalize.number_range(raw)
        return value if any(map(str.isalpha, raw)) else multiplied(value, factor)

    return read


def _original(raw: str, value: str | None) -> str | None:
    """Return the text as it stood where the value says something else; else None."""
    if value == raw:
        return None
    stripped = raw.strip()
    if value == stripped or (value is None and len(stripped) <= 20 and stripped.lower() in cell_text.MISSING):
        return None
    return cell_text.storable(raw)


class _Memo:
    """The values of a field that came before. Full, it stays as it is: what is common comes early.

    Attributes:
        known: Cell -> (value, original or None).
    """

    def __init__(self, clean: Cleaner, filled: "Callable[[_Memo], None]", *, is_country: bool = False) -> None:
        self.clean = clean
        self._filled = filled
        self._is_country = is_country
        self.known: dict[str, tuple[str | None, str | None]] = {"": (None, None)}

    def learn(self, raw: str) -> tuple[str | None, str | None]:
        """Work out a value that came not before, with its original, and remember both."""
        value = self.clean(raw)
        says_the_same = value is raw or (self._is_country and value is not None and read_country(raw).is_all)
        found = (value, None if says_the_same else _original(raw, value))
        if len(self.known) < _MEMO_SIZE:
            self.known[raw] = found
            if len(self.known) == _MEMO_SIZE:
                self._filled(self)
        return found


def normalizer_of(field: str, mapping: ColumnMapping) -> Callable[[str], str | None]:
    """Return the function that cleans a field's cells by themselves.

    Phones, which need a country, and web addresses, which profiles read as they are typed, only as text.
    """
    if BY_NAME[field].type in (FieldType.PHONE, FieldType.URL):
        return cell_text.text
    return _cleaner_of(field, mapping)


def _cleaner_of(field: str, mapping: ColumnMapping) -> Cleaner:
    kind = BY_NAME[field].type
    if field == "company_size":
        return _size
    if kind is FieldType.NUMBER:
        label = next((label for label, mapped, _ in mapping.columns if mapped == field), "")
        return _amounts_in(factor_of(label))
    return _named_country if kind is FieldType.COUNTRY and not mapping.countries_are_codes else CLEANERS[kind]
