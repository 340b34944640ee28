"""Turns a CSV record into a lead's values, or says why it cannot be one. The hot path of an import: microseconds count.

`row_reader` prepares everything that depends on the mapping once; the function it gives does per row only what the row
needs. A row is importable when it names a company, or a website or domain, or has at least one valid e-mail.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from core.imports.columns import MORE_COLUMN, OWN_COLUMNS, ColumnMapping
from core.leads.fields import BY_NAME, CLEANERS, COLUMNS, FieldType, LeadField
from core.leads.lead import FIELDS, POSITION, DedupeKey, dedupe_key
from core.text import cell_text, normalize
from core.text.countries import country_code
from core.text.phones import phone


class LeadRow(NamedTuple):
    """A row that can be imported.

    Attributes:
        key: The one dedupe key.
        values: In the order of `core.leads.lead.FIELDS`.
        extra: Column label -> text of the unmapped columns' filled cells; None where there are none.
        original: Field -> text as it stood, where the stored value differs in more than white space around it or
        was refused.
    """

    key: str
    values: list[str | None]
    extra: dict[str, str] | None
    original: dict[str, str] | None


class Reject(NamedTuple):
    """A row that cannot be imported.

    Attributes:
        column: Label of the column that the reason is about; '' for the row as a whole.
        value: What stands there.
        reason: 'blank_row', 'invalid_email_only', 'phone_or_name_only', 'nothing_identifying' or
        'more_cells_than_columns'.
    """

    column: str
    value: str
    reason: str


RowReader = Callable[[list[str]], LeadRow | Reject]
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
_MEMO_SIZE = 10_000

_NAME, _WEBSITE, _DOMAIN = POSITION["company_name"], POSITION["company_website"], POSITION["company_domain"]
_EMAIL, _CITY, _COUNTRY = POSITION["contact_email"], POSITION["city"], POSITION["country"]
_FULL, _FIRST, _LAST = POSITION["contact_name"], POSITION["first_name"], POSITION["last_name"]
_SOURCE, _ID = POSITION["source"], POSITION["external_id"]


def row_reader(
    mapping: ColumnMapping,
    *,
    default_country: str | None = None,
    source: str | None = None,
    dedupe: DedupeKey = "auto",
    delimiter: str = ",",
) -> RowReader:
    """Prepare the function that reads one record.

    Args:
        mapping: Which column goes where.
        default_country: ISO alpha-2 code for phone numbers where the row names no country.
        source: The import's label; stored where the row has no source of its own.
        dedupe: Which kind of key to try first.
        delimiter: The file's: what joins cells again that it cut.

    Returns:
        A function: cells of a record -> `LeadRow` or `Reject`. Short records are padded, longer ones put right where
        that is certain (`core.imports.ragged_rows`).
    """
    return _RowReader(mapping, default_country, source, dedupe, delimiter).compile()


class _RowReader:
    """What reading a row needs, worked out once: the function itself is written out column by column for the mapping.

    As `collections.namedtuple` does, the function is composed as text and compiled: no loop over columns, no
    look-up of what to
    do with one. It costs half of what a loop does, and an import spends its time here.
    """

    def __init__(
        self,
        mapping: ColumnMapping,
        default_country: str | None,
        source: str | None,
        dedupe: DedupeKey,
        delimiter: str,
    ) -> None:
        self._shape = mapping.shape
        self._delimiter = delimiter
        self._more = next((index for index, label in enumerate(mapping.labels) if label.strip() == MORE_COLUMN), None)
        self._labels = mapping.labels
        self._known_labels = frozenset(mapping.labels)
        self._width = len(self._labels)
        self._country = default_country
        self._source = source
        self._dedupe = dedupe
        self._ids_count = mapping.no_identity is None
        self._column_of = {field: index for index, (_, field, _) in enumerate(mapping.columns) if field}
        self._unmapped = [
            (index, label)
            for index, (label, field, _) in enumerate(mapping.columns)
            if not field and label.strip() not in OWN_COLUMNS
        ]

    def compile(self) -> RowReader:
        """Give the function for one record."""
        names: dict[str, Any] = {
            "LeadRow": LeadRow, "new": tuple.__new__, "keep": _keep, "reject": self._reject, "key": self._key,
            "site": normalize.site, "phone": phone, "code_of": country_code,
            "default_country": self._country, "source": self._source, "aside": cell_text.aside,
            "straight": self._straight, "shifted": self._shifted, "add_beyond": self._add_beyond,
        }  # fmt: skip
        lines = [
            "def read(cells):",
            f"    if len(cells) < {self._width}: cells = cells + [''] * ({self._width} - len(cells))",
            f"    elif len(cells) > {self._width}:",
            "        given, cells = cells, straight(cells)",
            "        if cells is None: return shifted(given)",
            "    original = {}",
        ]
        if self._more is not None:  # a row of a rejects file that nobody has mended
            lines.insert(2, f"    if len(cells) > {self._more} and cells[{self._more}].strip(): return shifted(cells)")
        fields = sorted(self._column_of, key=lambda field: field in _PHONES)  # a phone needs the row's country
        lines += [line for field in fields for line in self._read_column(field, names)]
        unread = [f"v{POSITION[field]}" for field in FIELDS if field not in self._column_of]
        if unread:
            lines.append(f"    {' = '.join(unread)} = None")
        if "company_website" in self._column_of:
            lines.append(f"    if v{_WEBSITE} and not v{_DOMAIN}: v{_DOMAIN} = own_domain")
        lines.append(f"    if not (v{_NAME} or v{_EMAIL} or v{_WEBSITE} or v{_DOMAIN}): return reject(cells)")
        if "first_name" in self._column_of and "last_name" in self._column_of:
            lines.append(f"    if v{_FIRST} and v{_LAST} and not v{_FULL}: v{_FULL} = v{_FIRST} + ' ' + v{_LAST}")
        if self._source:
            lines.append(f"    if not v{_SOURCE}: v{_SOURCE} = source")
        lines += self._collect_extra(names)
        lines += self._finish()
        exec("\n".join(lines), names)  # noqa: S102 - text of our own, field positions and numbers only
        read: RowReader = names["read"]
        return read

    def _read_column(self, field: str, names: dict[str, Any]) -> list[str]:
        """Write the lines that turn one column's cell into the field's value."""
        column, value = self._column_of[field], f"v{POSITION[field]}"
        clean = CLEANERS[BY_NAME[field].type]
        lines = [f"    raw = cells[{column}]"]
        if field in _REPEATING:
            memo = _Memo(field, clean)
            names |= {f"same_{field}": memo.same, f"changed_{field}": memo.changed, f"learn_{field}": memo.learn}
            return [
                *lines,
                f"    if raw in same_{field}: {value} = same_{field}[raw]",
                f"    elif raw in changed_{field}: {value}, original['{field}'] = changed_{field}[raw]",
                f"    else: {value} = learn_{field}(raw, original)",
            ]
        names[f"clean_{field}"] = clean
        how = f"{value} = clean_{field}(raw)"
        if field in _PHONES:
            country = f"v{_COUNTRY} and code_of(v{_COUNTRY}) or " if "country" in self._column_of else ""
            how = f"{value} = phone(raw, {country}default_country)"
        elif field == "company_website":
            how = f"{value}, own_domain = site(raw)"
        return [
            *lines,
            "    if raw:",
            f"        {how}",
            f"        if {value} is not raw and {value} != raw: keep(original, '{field}', raw, {value})",
            f"    else: {value} = None",
        ]

    def _collect_extra(self, names: dict[str, Any]) -> list[str]:
        """Write the lines that collect what no field takes, with the cells beyond the header."""
        lines = ["    extra = {}"] if self._unmapped else ["    extra = None"]
        for column, label in self._unmapped:
            names[f"label_{column}"] = label
            lines += [
                f"    raw = cells[{column}]",
                "    if raw and not raw.isspace():",
                f'        extra[label_{column}] = raw if raw.isprintable() and "\'" not in raw else aside(raw)',
            ]
        return [*lines, f"    if len(cells) > {self._width}: extra = add_beyond(extra or {{}}, cells)"]

    def _finish(self) -> list[str]:
        """Write the lines that put the row together."""
        values = ", ".join(f"v{position}" for position in range(len(FIELDS)))
        lines = [f"    values = [{values}]"]
        if self._dedupe == "auto":
            id_is_key = f" and not (v{_ID} and v{_SOURCE})" if self._ids_count else ""
            lines += [
                f"    if v{_EMAIL} and len(v{_EMAIL}) < 190{id_is_key}:",
                f"        name = 'email:' + v{_EMAIL}",
                "    else: name = key(values, cells)",
            ]
        else:
            lines.append("    name = key(values, cells)")
        return [*lines, "    return new(LeadRow, (name, values, extra or None, original or None))"]

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

    def _key(self, values: list[str | None], cells: list[str]) -> str:
        return dedupe_key(
            external_id=values[_ID] if self._ids_count else None,
            source=values[_SOURCE],
            email=values[_EMAIL],
            domain=values[_DOMAIN],
            person=values[_FULL] or values[_LAST] or values[_FIRST],
            company=values[_NAME],
            city=values[_CITY],
            country=values[_COUNTRY],
            cells=cells,
            prefer=self._dedupe,
        )

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


def _keep(original: dict[str, str], field: str, raw: str, value: str | None) -> None:
    """Note the text as it stood where the value says something else."""
    stripped = raw.strip()
    if value == stripped or (value is None and len(stripped) <= 20 and stripped.lower() in cell_text.MISSING):
        return
    original[field] = cell_text.storable(raw)


class _Memo:
    """The values of a field that came before. Full, it stays as it is: what is common comes early.

    Attributes:
        same: Cell -> value, where that leaves no original behind.
        changed: Cell -> (value, original).
    """

    def __init__(self, field: str, clean: Callable[[str], str | None]) -> None:
        self._field = field
        self._clean = clean
        self.same: dict[str, str | None] = {"": None}
        self.changed: dict[str, tuple[str | None, str]] = {}

    def learn(self, raw: str, original: dict[str, str]) -> str | None:
        """Work out a value that came not before, note its original, and remember both."""
        value = self._clean(raw)
        if value is not raw and value != raw:
            _keep(original, self._field, raw, value)
        if len(self.same) + len(self.changed) < _MEMO_SIZE:
            if self._field in original:
                self.changed[raw] = (value, original[self._field])
            else:
                self.same[raw] = value
        return value


def normalizer_of(field: str) -> Callable[[str], str | None]:
    """Give the function that cleans a field's cells by themselves.

    Phones, which need a country, and web addresses, which profiles read as they are typed, only as text.
    """
    kind = BY_NAME[field].type
    return cell_text.text if kind in (FieldType.PHONE, FieldType.URL) else CLEANERS[kind]
