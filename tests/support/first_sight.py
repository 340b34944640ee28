"""The made-up pages and sites under `tests/data/people/first_sight`, whose README explains their form."""

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "people" / "first_sight"


@dataclass(frozen=True)
class Page:
    """A page on its own: its address, its markup, and who must be found (name, role)."""

    id: str
    url: str
    markup: str
    people: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Site:
    """A site: its files by path, and who must be found (name, role)."""

    id: str
    files: dict[str, str]
    people: tuple[tuple[str, str], ...]


def _people(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (part.strip().rsplit("=", 1) for part in text.split(";") if part.strip())
    return tuple((name, role) for name, role in pairs)


def pages() -> list[Page]:
    """Read all pages."""
    found = []
    for file in sorted(FOLDER.glob("pages-*.txt")):
        for part in re.split(r"^=== ", file.read_text(), flags=re.MULTILINE)[1:]:
            head, _, body = part.partition("\n")
            name, path, people, title = ([cell.strip() for cell in head.split("|")] + [""])[:4]
            markup = f"<!doctype html><html><head><title>{title or 'Page'}</title></head><body>{body}</body></html>"
            found.append(Page(name, f"https://www.{name}x.example{path}", markup, _people(people)))
    return found


def sites() -> list[Site]:
    """Read all sites."""
    found = []
    for file in sorted(FOLDER.glob("sites-*.txt")):
        for part in re.split(r"^##### ", file.read_text(), flags=re.MULTILINE)[1:]:
            head, _, rest = part.partition("\n")
            name, _, people = head.partition("|")
            files = [file.partition("\n") for file in re.split(r"^--- ", rest, flags=re.MULTILINE)[1:]]
            found.append(Site(name.strip(), {path.strip(): body for path, _, body in files}, _people(people)))
    return found
