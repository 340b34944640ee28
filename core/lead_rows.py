"""Turns a CSV record into a lead's values, or says why it cannot be one. The hot path of an import: microseconds count.

`row_reader` prepares everything that depends on the mapping once; the function it gives does per row only what the row
needs. A row is importable when it names a company, or a website or domain, or has at least one valid e-mail.
"""

from collections.abc import Callable
from typing import NamedTuple

from core import normalize
from core.columns import OWN_COLUMNS, ColumnMapping
from core.countries import country_code
from core.lead import FIELDS, POSITION, DedupeKey, dedupe_key


class LeadRow(NamedTuple):
    """A row that can be imported.

    Attributes:
        key: The one dedupe key.
        values: In the order of `core.lead.FIELDS`.
        extra: Column label -> text of the unmapped columns' filled cells; None where there are none.
        original: Field -> text as it stood, where the stored value differs in more than white space around it or was refused.
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
        reason: 'blank_row', 'invalid_email_only', 'phone_or_name_only' or 'nothing_identifying'.
    """

    column: str
    value: str
    reason: str


RowReader = Callable[[list[str]], LeadRow | Reject]
"""Turns a record's cells into a lead's values or a reason against it."""

_NORMALIZERS: dict[str, Callable[[str], str | None]] = {
    "company_website": normalize.url,
    "company_domain": normalize.domain,
    "company_size": normalize.number_range,
    "annual_revenue": normalize.number_range,
    "country": normalize.country,
    "postal_code": normalize.postal_code,
    "company_linkedin_url": normalize.linkedin_company,
    "contact_email": normalize.email,
    "linkedin_url": normalize.linkedin_person,
    "external_id": normalize.external_id,
}
_PHONES = ("company_phone", "contact_phone")
_NAMING = ("contact_name", "first_name", "last_name", "contact_phone", "company_phone", "linkedin_url", "contact_title")
_MEMO_SIZE = 20_000

_NAME, _WEBSITE, _DOMAIN = POSITION["company_name"], POSITION["company_website"], POSITION["company_domain"]
_EMAIL, _CITY, _COUNTRY = POSITION["contact_email"], POSITION["city"], POSITION["country"]
_FULL, _FIRST, _LAST = POSITION["contact_name"], POSITION["first_name"], POSITION["last_name"]
_SOURCE, _ID = POSITION["source"], POSITION["external_id"]
_EMPTY: list[str | None] = [None] * len(FIELDS)


def row_reader(
    mapping: ColumnMapping,
    *,
    default_country: str | None = None,
    source: str | None = None,
    dedupe: DedupeKey = "auto",
) -> RowReader:
    """Prepare the function that reads one record.

    Args:
        mapping: Which column goes where.
        default_country: ISO alpha-2 code for phone numbers where the row names no country.
        source: The import's label; stored where the row has no source of its own.
        dedupe: Which kind of key to try first.

    Returns:
        A function: cells of a record -> `LeadRow` or `Reject`. Short records are padded, cells beyond the header kept in `extra`.
    """
    return _RowReader(mapping, default_country, source, dedupe).read


class _RowReader:
    """What `read` needs for every row, worked out once."""

    def __init__(
        self, mapping: ColumnMapping, default_country: str | None, source: str | None, dedupe: DedupeKey
    ) -> None:
        self._labels = mapping.labels
        self._width = len(self._labels)
        self._country = default_country
        self._source = source
        self._dedupe = dedupe
        self._column_of = {field: index for index, (_, field, _) in enumerate(mapping.columns) if field}
        plan: list[tuple[int, int, dict[str, str | None], Callable[[str], str | None]]] = []
        for field, index in self._column_of.items():
            if field not in _PHONES:
                plan.append((index, POSITION[field], {}, _NORMALIZERS.get(field, normalize.text)))
        self._plan = plan
        self._phones = [(self._column_of[field], POSITION[field]) for field in _PHONES if field in self._column_of]
        self._unmapped = [
            (index, label)
            for index, (label, field, _) in enumerate(mapping.columns)
            if not field and label.strip() not in OWN_COLUMNS
        ]

    def read(self, cells: list[str]) -> LeadRow | Reject:
        """Read one record."""
        missing = self._width - len(cells)
        if missing > 0:
            cells = cells + [""] * missing
        values = _EMPTY.copy()
        original: dict[str, str] | None = None
        for index, position, memo, clean in self._plan:
            raw = cells[index]
            if not raw:
                continue
            try:
                value = memo[raw]
            except KeyError:
                value = clean(raw)
                if len(memo) >= _MEMO_SIZE:
                    memo.clear()
                memo[raw] = value
            values[position] = value
            if value is not raw and value != raw:
                original = self._keep(original, position, raw, value)
        for index, position in self._phones:
            raw = cells[index]
            if raw:
                named = values[_COUNTRY]
                value = normalize.phone(raw, (country_code(named) if named else None) or self._country)
                values[position] = value
                if value != raw:
                    original = self._keep(original, position, raw, value)
        website = values[_WEBSITE]
        if website and not values[_DOMAIN]:
            values[_DOMAIN] = normalize.own_domain(website)
        if not (values[_NAME] or website or values[_DOMAIN] or values[_EMAIL]):
            return self._reject(cells)
        if not values[_FULL]:
            first, last = values[_FIRST], values[_LAST]
            if first and last:
                values[_FULL] = f"{first} {last}"
        if self._source and not values[_SOURCE]:
            values[_SOURCE] = self._source
        extra: dict[str, str] | None = None
        for index, label in self._unmapped:
            raw = cells[index]
            if raw and not raw.isspace():
                if extra is None:
                    extra = {}
                extra[label] = raw
        if missing < 0:
            extra = self._overflow(extra, cells)
        if extra:
            extra = _storable(extra)
        return LeadRow(self._key(values, cells), values, extra, original)

    def _keep(
        self, original: dict[str, str] | None, position: int, raw: str, value: str | None
    ) -> dict[str, str] | None:
        stripped = raw.strip()
        if value == stripped or (value is None and len(stripped) <= 20 and stripped.lower() in normalize.MISSING):
            return original
        if original is None:
            original = {}
        original[FIELDS[position]] = normalize.storable(raw)
        return original

    def _key(self, values: list[str | None], cells: list[str]) -> str:
        email, external_id, source = values[_EMAIL], values[_ID], values[_SOURCE]
        if self._dedupe == "auto" and email and not (external_id and source) and len(email) < 190:
            return "email:" + email
        domain = values[_DOMAIN]
        if domain:
            domain = normalize.own_domain(domain)
        return dedupe_key(
            external_id=external_id,
            source=source,
            email=email,
            domain=domain,
            person=values[_FULL] or values[_LAST] or values[_FIRST],
            company=values[_NAME],
            city=values[_CITY],
            country=values[_COUNTRY],
            cells=cells,
            prefer=self._dedupe,
        )

    def _overflow(self, extra: dict[str, str] | None, cells: list[str]) -> dict[str, str] | None:
        beyond = {
            f"col_{number}": cell for number, cell in enumerate(cells[self._width :], self._width + 1) if cell.strip()
        }
        return {**(extra or {}), **beyond} or None

    def _reject(self, cells: list[str]) -> Reject:
        if not any(map(str.strip, cells)):
            return Reject("", "", "blank_row")
        email_column = self._column_of.get("contact_email")
        if email_column is not None and normalize.text(cells[email_column] or " "):
            return Reject(self._labels[email_column], cells[email_column], "invalid_email_only")
        for field in _NAMING:
            column = self._column_of.get(field)
            if column is not None and normalize.text(cells[column] or " "):
                return Reject(self._labels[column], cells[column], "phone_or_name_only")
        return Reject("", "", "nothing_identifying")


def _storable(extra: dict[str, str]) -> dict[str, str]:
    return {label: normalize.storable(cell) for label, cell in extra.items()}
