"""Made-up values that are written into a CRM's fields to see them come back, in our spelling.

Names say that they are made up; addresses are of `example.org` and `.example` (RFC 2606), telephone numbers are those
that are kept free for stories (Ofcom, NANPA 555-01xx).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import yaml

from core.crm.config import example_text
from core.crm.records import RecordKind, Value
from core.leads.fields import COLUMNS, FieldType
from core.text.countries import country_name

_PLAIN = (
    "Made up {mark}",
    "Łódź Žluťoučký 東京 العربية 😀 {mark}",
    "0012345 {mark}",
    "00123456789012345678",
    'O\'Neil "Quote" & <b>sons</b> \\ 100 % {mark}',
)
_LONG = ("first line {mark}\nsecond line\n\tthird line", " ".join(["long"] * 1000))
_TEXTS: Mapping[FieldType, tuple[str, ...]] = {
    FieldType.TEXT: _PLAIN,
    FieldType.NAME: _PLAIN,
    FieldType.EMAIL: ("office.{mark}@example.org", "other.{mark}@example.org"),
    FieldType.PHONE: ("+441134960125", "+12025550144"),
    FieldType.URL: ("https://{mark}.example", "https://www.{mark}.example/a/path?x=1"),
    FieldType.DOMAIN: ("{mark}.example", "sub.{mark}.example"),
    FieldType.PERSON_PROFILE: (
        "https://www.linkedin.com/in/made-up-{mark}",
        "https://www.linkedin.com/in/other-{mark}",
    ),
    FieldType.COMPANY_PROFILE: (
        "https://www.linkedin.com/company/made-up-{mark}",
        "https://www.linkedin.com/company/other-{mark}",
    ),
    FieldType.COUNTRY: tuple(map(country_name, ("GB", "US", "DE", "CI", "KR", "NA"))),
    FieldType.REGION: ("California", "New York", "Bayern", "North Yorkshire"),
    FieldType.POSTAL_CODE: ("LS1 4AP", "01067", "00501", "H3Z 2Y7"),
    FieldType.NUMBER: ("1200", "0", "0.5", "12345678.5", "12345678901234567890", "-3.25"),
    FieldType.ID: ("a-{mark}", "00123456789012345678"),
}
_LISTS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "emails": (
        ("first.{mark}@example.org",),
        ("second.{mark}@example.org", "third.{mark}@example.org"),
        ("third.{mark}@example.org", "o'neil+{mark}@example.org", "first.{mark}@example.org"),
    ),
    "phones": (("+441134960123",), ("+12025550143", "+441134960124"), ("+441134960124", "+12025550143")),
}
_TYPES = {name: field.type for field in COLUMNS for name in (field.name, field.of_contact) if name}
DATES = ("2026-02-28", "1999-12-31", "2024-02-29")
CURRENCIES = ("EUR", "USD", "JPY")


@dataclass(frozen=True, slots=True)
class Sample:
    """A field of a CRM that is tried.

    Attributes:
        ours: which of our fields it is; decides what its values are, and when two of them mean the same.
        tries: values of its own, the first of which a record begins with; without any, those of the type of `ours`.
            `{mark}` in them becomes a text that no other record has.
    """

    ours: str
    tries: tuple[Value, ...] = ()

    @property
    def values(self) -> tuple[Value, ...]:
        """What is written, one after the other."""
        if self.tries or self.ours in _LISTS:
            return self.tries or _LISTS[self.ours]
        texts = _TEXTS.get(_TYPES.get(self.ours, FieldType.TEXT), _PLAIN)
        return (*texts, *_LONG) if self.ours == "notes" else texts

    @property
    def is_list(self) -> bool:
        """Whether its values are lists."""
        return isinstance(self.values[0], tuple)

    def value(self, place: int, mark: str) -> Value:
        """Return one of the values, of a record that is marked so."""
        value = self.values[place % len(self.values)]
        if isinstance(value, tuple):
            return tuple(text.replace("{mark}", mark) for text in value)
        return None if value is None else value.replace("{mark}", mark)


def _of_the_example() -> Mapping[RecordKind, Mapping[str, Sample]]:
    example = yaml.safe_load(example_text())
    return MappingProxyType(
        {
            kind: MappingProxyType({each["theirs"]: Sample(each["ours"]) for each in example[f"{kind}s"]["fields"]})
            for kind in RecordKind
        }
    )


USUAL = _of_the_example()
"""The fields that the example `crm.yaml` maps, as it names them."""
