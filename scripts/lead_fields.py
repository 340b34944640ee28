"""Make docs/fields.md from the table of fields: `python -m scripts.lead_fields`. A test compares it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from core.leads.fields import COLUMNS, EVERYBODY, TABLE, FieldType, LeadField

TARGET = Path(__file__).parent.parent / "docs" / "fields.md"

_HEAD = """# The fields of a lead

Made from the one table of fields (`core/leads/fields.py`) by `python -m scripts.lead_fields`.

A row of that table says all that the program knows of a field; these names are the columns of `leads` and `contacts`,
the targets of `--map`, the headings of an export, and what `icp.yaml`, `enrichment.yaml` and `crm.yaml` call them.
**About a person**: a column of `contacts`; emptied when the person is erased. **Written by**: a file that is imported,
a person's edit, people in the CRM, a provider that is asked. **Found by**: the words for it in the lexicon, under
`headers`.
"""
_EXTRA = """
## Kept beside

What websites and providers say of a company and no column takes; it is kept in `extra` under these names.
"""
_ADD = """
## Adding one

A row in the table; a migration that adds the column to `leads` or, of a person, to `contacts` (`text`, may be null);
its words in the lexicon; then the pages and schemas that are made (`python -m scripts.lead_fields`,
`python -m scripts.enrichment_schema`). A provider that knows it says so in its own folder. Every lead is looked at once
more by the next enrichment and the next synchronisation.
"""
_KINDS = {
    FieldType.NAME: "a person's name",
    FieldType.EMAIL: "e-mail address",
    FieldType.URL: "web address",
    FieldType.PERSON_PROFILE: "LinkedIn profile of a person",
    FieldType.COMPANY_PROFILE: "LinkedIn page of a company",
    FieldType.POSTAL_CODE: "postal code",
    FieldType.NUMBER: "number or range",
}


def render() -> str:
    """Return the page as it stands in the file."""
    beside = [field for field in TABLE if not field.is_column]
    return "\n".join([_HEAD, *_table(COLUMNS), _EXTRA, *_table(beside), _ADD])


def _table(fields: Iterable[LeadField]) -> Iterator[str]:
    yield "| field | called | is | kind | of | about a person | written by | found by |"
    yield "|---|---|---|---|---|---|---|---|"
    for field in fields:
        who = "everybody" if field.edited_by == EVERYBODY else _listed(field)
        kind = _KINDS.get(field.type, field.type.value)
        personal = "yes" if field.is_personal else "no"
        words = ", ".join(f"`{key}`" for key in field.headers) or "–"
        cells = (f"`{field.name}`", field.label, field.meaning, kind, field.of, personal, who, words)
        yield f"| {' | '.join(cells)} |"


def _listed(field: LeadField) -> str:
    return ", ".join(who for who in ("import", "person", "crm", "provider") if who in field.edited_by)


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
