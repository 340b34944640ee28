"""Generated lead files for benchmarks and tests, with the truth about them. Every name and address is made up."""

import csv
import random
from dataclasses import dataclass
from pathlib import Path

HEADER = (
    "Company",
    "Website",
    "Industry",
    "# Employees",
    "Annual Revenue",
    "City",
    "State",
    "Country",
    "Postal Code",
    "First Name",
    "Last Name",
    "Title",
    "Email",
    "Phone",
    "Person Linkedin Url",
    "Lead Status",
)
_SYLLABLES = [
    "ba",
    "be",
    "do",
    "fa",
    "ge",
    "ha",
    "jo",
    "ka",
    "le",
    "mi",
    "no",
    "pe",
    "ra",
    "si",
    "to",
    "vu",
    "wa",
    "xi",
    "yo",
    "zu",
]
_INDUSTRIES = ("Machinery", "Hospitality", "Logistics", "Food Production", "Construction", "Textiles")
_TITLES = ("CEO", "VP Operations", "Head of Sales", "Finance Director", "Office Manager", "CTO")
_SIZES = ("1-10", "11-50", "51-200", "201-500", "1,001-5,000")
_CITIES = (("Springfield", "IL"), ("Riverside", "CA"), ("Franklin", "TN"), ("Greenville", "SC"), ("Bristol", "CT"))


@dataclass(frozen=True)
class Truth:
    """What an import of the generated file must report."""

    rows: int
    inserted: int
    duplicates: int
    rejected: int


def _name(number: int) -> str:
    parts = []
    for _ in range(4):
        number, place = divmod(number, len(_SYLLABLES))
        parts.append(_SYLLABLES[place])
    return "".join(parts).capitalize()


def clean_row(number: int, rng: random.Random) -> list[str]:
    """Make lead `number`: every number is another lead."""
    first, last, company = _name(number), _name(number * 7 + 3), f"{_name(number * 3 + 1)} {number} Ltd"
    domain = f"{_name(number * 3 + 1).lower()}{number}.example"
    city, state = rng.choice(_CITIES)
    return [
        company,
        f"https://www.{domain}/",
        rng.choice(_INDUSTRIES),
        rng.choice(_SIZES),
        str(rng.randrange(100_000, 90_000_000)),
        city,
        state,
        "United States",
        f"{rng.randrange(1000, 99999):05d}",
        first,
        last,
        rng.choice(_TITLES),
        f"{first}.{last}@{domain}".lower(),
        f"+1 415-555-{number % 10_000:04d}",
        f"https://www.linkedin.com/in/{first}-{last}-{number}".lower(),
        rng.choice(("New", "Open", "Contacted")),
    ]


def _dirty(row: list[str], rng: random.Random) -> list[str]:
    """Write the same lead as people do: padding, capitals, other spellings."""
    row = list(row)
    place = rng.randrange(5)
    if place == 0:
        row[12] = f" {row[12].upper()} "
    elif place == 1:
        row[13] = row[13].replace("-", " ").replace("+1 ", "(001) ")
    elif place == 2:
        row[7] = "USA"
    elif place == 3:
        row[0] = f"  {row[0]} "
    return row


def _bad(row: list[str]) -> list[str]:
    """Leave a row that names nobody: no company, no website, an address that is none."""
    return ["", "", *row[2:12], "not-an-address", row[13], "", row[15]]


def write_dirty(
    path: Path, rows: int, *, seed: int = 1, bad: float = 0.02, duplicate: float = 0.03, clean_copy: Path | None = None
) -> Truth:
    """Write a dirty CSV file of `rows` records.

    Args:
        path: the file.
        rows: data records in it.
        seed: the same seed gives the same bytes.
        bad: share of rows that cannot be imported.
        duplicate: share of rows that name an earlier row's lead, written differently.
        clean_copy: also write the distinct good rows as they are, for a plain COPY.
    """
    rng = random.Random(seed)
    leads = duplicates = rejected = 0
    clean = clean_copy.open("w", newline="", encoding="utf-8") if clean_copy else None
    clean_writer = csv.writer(clean) if clean else None
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for _ in range(rows):
            chance = rng.random()
            if chance < bad:
                rejected += 1
                writer.writerow(_bad(clean_row(rng.randrange(10**9, 2 * 10**9), rng)))
            elif chance < bad + duplicate and leads:
                duplicates += 1
                writer.writerow(_dirty(clean_row(rng.randrange(leads), rng), rng))
            else:
                row = clean_row(leads, rng)
                leads += 1
                writer.writerow(_dirty(row, rng))
                if clean_writer:
                    clean_writer.writerow(row)
    if clean:
        clean.close()
    return Truth(rows=rows, inserted=leads, duplicates=duplicates, rejected=rejected)
