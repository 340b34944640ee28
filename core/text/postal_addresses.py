"""Postal addresses in visible lines of text: street, postal code, city, as offices write them.

Only forms that can hardly mean anything else: a postal code beside its city, and a street with a number before it. The
forms: United States "City, ST 12345", Great Britain "City AB1 2CD", and "12345 City" of most of Europe.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.text.lexicons import alternatives
from core.text.word_lists import words

_STATES = words(
    """
    AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI
    SC SD TN TX UT VT VA WA WV WI WY DC PR
    """
)
_CITY = r"[^\W\d_][\w.'’ -]{1,40}?"
_US = re.compile(
    rf"(?:^|,\s*|\s{{2,}})(?P<city>{_CITY}),?\s+(?P<state>[A-Z]{{2}})\.?,?\s+(?P<code>\d{{5}}(?:-\d{{4}})?)\b"
)
_GB = re.compile(rf"(?:^|,\s*)(?P<city>{_CITY}),?\s+(?P<code>[A-Z]{{1,2}}\d[A-Z\d]?\s\d[A-Z]{{2}})\b")
_EU = re.compile(
    r"(?:^|[,·|•–-]\s*|\s)(?:(?P<land>[A-Z]{1,2})-)?(?P<code>\d{4,5})\s+(?P<city>[^\W\d_][\w.'’/() -]{1,40})"
)
_STREET = re.compile(r"^(?=.*[^\W\d_]{3})(?=.*\d)[\w.,'’/ &#-]{5,80}$")
_NO_STREET = re.compile(f"(?:{alternatives('addresses.no_street')})", re.IGNORECASE)
_LANDS = {"D": "Germany", "DE": "Germany", "A": "Austria", "AT": "Austria", "CH": "Switzerland", "F": "France",
          "FR": "France", "NL": "Netherlands", "B": "Belgium", "BE": "Belgium", "I": "Italy", "IT": "Italy",
          "E": "Spain", "ES": "Spain", "L": "Luxembourg", "DK": "Denmark", "SE": "Sweden", "S": "Sweden"}  # fmt: skip


@dataclass(frozen=True)
class PostalAddress:
    """An address; `state` and `country` are "" where the text does not say them."""

    street: str
    city: str
    postal_code: str
    state: str = ""
    country: str = ""

    def fields(self) -> tuple[tuple[str, str], ...]:
        """Return the parts that are known, by our field names."""
        parts = (
            ("street", self.street), ("city", self.city), ("postal_code", self.postal_code), ("state", self.state),
            ("country", self.country),
        )  # fmt: skip
        return tuple((name, value) for name, value in parts if value)


def read_addresses(lines: Sequence[str]) -> list[PostalAddress]:
    """Return the addresses in consecutive lines of text, each once."""
    found: dict[tuple[str, str], PostalAddress] = {}
    for index, line in enumerate(lines):
        if len(line) > 200:
            continue
        address = _read(line, lines[index - 1] if index else "")
        if address is not None:
            found.setdefault((address.postal_code, address.city.casefold()), address)
    return list(found.values())


def _read(line: str, before: str) -> PostalAddress | None:
    for pattern, country in ((_US, "United States"), (_GB, "United Kingdom"), (_EU, "")):
        match = pattern.search(line)
        if match is None:
            continue
        parts = match.groupdict()
        state = parts.get("state") or ""
        if pattern is _US and state not in _STATES:
            continue
        head = line[: match.start()].strip(" ,·|•–-")
        street = next((text for text in (_last_part(head), before.strip(" ,")) if _is_street(text)), "")
        if not street:
            continue
        city = re.split(r"\s*[,·|•(/]|\s[–-]\s|\s{2,}", parts["city"].strip())[0].strip(" .-")
        land = _LANDS.get(parts.get("land") or "", country)
        return PostalAddress(street, city, parts["code"], state, land) if len(city) > 1 else None
    return None


def _last_part(head: str) -> str:
    """Return what stands before a city in the same line: the street with its number, without a company's name."""
    parts = [part.strip() for part in re.split(r"[·|•]|,", head) if part.strip()]
    for count in (1, 2):
        text = ", ".join(parts[-count:])
        if any(char.isdigit() for char in text):
            return text
    return ""


def _is_street(text: str) -> bool:
    return bool(_STREET.match(text)) and not _NO_STREET.search(text) and not re.fullmatch(r"[\d\s./-]+", text)
