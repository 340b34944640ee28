"""Makes values comparable: e-mail, URL and domain, LinkedIn URL, number range.

Phones: `core.text.phones`; countries: `core.text.country_readings`.

Every function takes a cell's text and gives the value to store, or None where there is none or it cannot be trusted;
all are idempotent. Spreadsheet artefacts are repaired where that is certain (`mailto:`, `="00123"`, `'+49…`,
`78724.0`) and refused where it is not (`4.9E+11`, `#N/A`). Cheap tests decide nearly every value; libraries see only
what those cannot decide.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from core.text.cell_text import SCIENTIFIC, WHOLE, storable, text
from core.text.domains import let_suffixes, registered
from core.text.lexicons import alternatives, any_word, phrases
from core.text.mail_addresses import ascii_domain, folded
from core.text.mailboxes import is_made_up
from core.text.shared_hosts import is_shared, shared_hosts

CACHE = 16_384

_EMAIL_FAST = re.compile(
    r"[a-z0-9_+-]++(?:\.[a-z0-9_+-]++)*+@(?:[a-z0-9]++(?:-++[a-z0-9]++)*+\.)++[a-z]{2,24}"
).fullmatch
_EMAIL = re.compile(
    r"^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*\.?@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{2,59})$"
)
_EMAIL_SPLIT = re.compile(r"[\s,;|<>()\[\]\"]+")

_HOST = re.compile(r"^(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{2,59})$")
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)", re.ASCII).fullmatch
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:(?=//|[^0-9])", re.IGNORECASE)
_LABEL = "[a-z0-9]++(?:-++[a-z0-9]++)*+"
_URL_FAST = re.compile(rf"https?://(?:{_LABEL}\.)++[a-z]{{2,12}}(?:/[A-Za-z0-9_.~%&=+/-]++)?").fullmatch
# A home page as people type it: with or without a scheme, a slash at its end.
_HOME_PAGE_FAST = re.compile(rf"(https?://)?((?:{_LABEL}\.)++[a-z]{{2,12}})/?").fullmatch
# Under the flat endings, at any depth, the registrable domain is the last two labels; under the layered only for hosts
# of two labels whose first is no category such as 'com' or 'gov'. Source: Public Suffix List, ICANN section, Nov. 2026.
_FLAT = "com|net|org|de|eu"
_LAYERED = "io|co|ch|at|be|nl|fr|es|dk|se|fi|cz"
_DOMAIN_FAST = re.compile(
    rf"(?:https?://)?(?:(?:{_LABEL}\.)*({_LABEL}\.(?:{_FLAT}))|(?:www\.)?([a-z0-9-]{{5,}}\.(?:{_LAYERED})))(?:/.*)?"
).fullmatch
# A home page together with its domain: one match tells both. Groups: scheme, host, its domain under either ending.
_SITE_FAST = re.compile(
    rf"(https?://)?((?:{_LABEL}\.)*({_LABEL}\.(?:{_FLAT}))|(?:www\.)?((?=[a-z0-9-]{{5}}){_LABEL}\.(?:{_LAYERED})))/?"
).fullmatch
_HOST_OF = re.compile(r"(?<=://)[^/:?#]+").search
_shared, _let = shared_hosts(), let_suffixes()
_LINKEDIN = re.compile(
    r"^(?:https?://)?(?:[a-z]{2,3}\.)?linkedin\.com/(?:mwlite/)?(in|pub|profile|sales/lead|sales/people|company|school|showcase|organization|sales/company)/([\w%.&+~-]+)",
    re.IGNORECASE,
)
_PROFILE_FAST = re.compile(r"https?://(?:www\.)?linkedin\.com/in/([a-z0-9-]+)/?").fullmatch
_COMPANY_PAGE_FAST = re.compile(r"https?://(?:www\.)?linkedin\.com/company/([a-z0-9-]+)/?").fullmatch
_MEMBER_ID = re.compile(r"A[A-Z][A-Za-z][A-Z]{2}[A-Za-z0-9_-]{6,}").match
"""An id of the network's own in place of a name that somebody chose: its letters' case counts."""
_PERSON_KINDS = frozenset({"in", "pub", "profile", "sales/lead", "sales/people"})


def email(raw: str) -> str | None:
    """Return the first valid address in a cell, in its canonical form (`core.text.mail_addresses`)."""
    if len(raw) <= 66:
        if _EMAIL_FAST(raw):
            return raw
        value = raw.strip().lower()
        if _EMAIL_FAST(value):
            return value
    return _email(raw)


def real_email(raw: str) -> str | None:
    """Return the first valid address in a cell that was not made up where none was known."""
    found = email(raw)
    return found if found is None or not is_made_up(found) else _real_email(raw)


@lru_cache(maxsize=CACHE)
def _real_email(raw: str) -> str | None:
    return next((address for address in _emails(raw) if not is_made_up(address)), None)


@lru_cache(maxsize=CACHE)
def _email(raw: str) -> str | None:
    return next(_emails(raw), None)


def _emails(raw: str) -> Iterator[str]:
    for part in _EMAIL_SPLIT.split(folded(raw.strip())):
        candidate = part.removeprefix("mailto:").split("?", 1)[0].strip("'`\u2018\u2019.:/")
        if "@" not in candidate or ".." in candidate or len(candidate) > 254:
            continue
        local, _, domain = candidate.rpartition("@")
        if not _EMAIL.match(candidate) or local.endswith(".") or len(local) > 64:
            continue
        host = ascii_domain(domain)
        if host is not None and _HOST.match(host) and len(f"{local}@{host}") <= 254:
            yield f"{local}@{host}"


def _split_url(raw: str) -> tuple[str, str, str] | None:
    """Return (scheme, host, rest) of a URL or bare host; None where it is neither."""
    value = (text(raw) or "").strip("'\"<>() ")
    for cut in (";", ",", " ", "\n", "|"):
        if cut in value:
            value = next((part.strip("'\"<>()") for part in re.split(r"[\s;,|]+", value) if "." in part), "")
            break
    if not value or "@" in value.split("/")[0]:
        return None
    scheme, is_address = "https", False
    # Some are pasted twice: 'http://https://example.com'; the last one counts.
    if match := re.match(r"(?:(https?):/*+)++", value, re.IGNORECASE):
        is_address = True
        scheme, value = match[1].lower(), value[match.end() :]
    elif _SCHEME.match(value):
        return None
    value = value.lstrip("/")
    cut_at = min((value.index(char) for char in "/?#" if char in value), default=len(value))
    authority, rest = value[:cut_at], value[cut_at:]
    host, _, port = authority.lower().rstrip(".").partition(":")
    if port and not (port.isdigit() and port.isascii() and len(port) <= 5):
        return None
    # A number with dots is an address only where it is written as one.
    ascii_host = _ascii_host(host) or (host if is_address and _IPV4(host) else None)
    if ascii_host is None:
        return None
    rest = storable(rest)
    return scheme, ascii_host + (f":{port}" if port else ""), "" if rest == "/" else rest


def _ascii_host(host: str) -> str | None:
    if len(host) > 253 or not _HOST.match(host):
        return None
    if host.isascii():
        return host
    encoded = ascii_domain(host)
    return encoded if encoded is not None and _HOST.match(encoded) else None


def url(raw: str) -> str | None:
    """Return a web address with scheme and lower-case host; 'https' where none is written."""
    if _URL_FAST(raw):
        return raw
    if home_page := _HOME_PAGE_FAST(raw):
        return f"{home_page[1] or 'https://'}{home_page[2]}"
    return _url(raw)


@lru_cache(maxsize=CACHE)
def _url(raw: str) -> str | None:
    parts = _split_url(raw)
    return None if parts is None else f"{parts[0]}://{parts[1]}{parts[2]}"


@lru_cache(maxsize=CACHE)
def domain(raw: str) -> str | None:
    """Return the registrable domain of a URL or host: 'https://www.shop.example.co.uk/a' -> 'example.co.uk'."""
    parts = _split_url(raw)
    return None if parts is None else registered(parts[1].partition(":")[0])


def own_domain(raw: str) -> str | None:
    """Return the registrable domain where it can be a company's own; None for shared hosts."""
    fast = _DOMAIN_FAST(raw)
    if fast and (found := fast[1] or fast[2]) not in _let:
        return None if found in _shared else found
    return _own_domain(raw)


def site(raw: str) -> tuple[str | None, str | None]:
    """Return `url(raw)` and the `own_domain` of that address, both at once: the work is nearly the same."""
    home_page = _SITE_FAST(raw)
    if home_page is None:
        address = url(raw)
        return address, _own_domain_at(address) if address else None
    scheme, host, flat, layered = home_page.groups()
    found = flat or layered
    if found in _let:
        found = None if is_shared(host) else registered(host)
    return (scheme or "https://") + host, None if found in _shared or host in _shared else found


def _own_domain_at(address: str) -> str | None:
    """Return the `own_domain` of an address as `url` gives it: its host stands plainly in it."""
    found = _HOST_OF(address)
    if found is None:
        return own_domain(address)
    host = found[0]
    if is_shared(host):
        return None
    fast = _DOMAIN_FAST(host)
    found_fast = fast[1] or fast[2] if fast else None
    return found_fast if found_fast and found_fast not in _let else registered(host)


@lru_cache(maxsize=CACHE)
def _own_domain(raw: str) -> str | None:
    parts = _split_url(raw)
    if parts is None or is_shared(parts[1].partition(":")[0]):
        return None
    return registered(parts[1].partition(":")[0])


def linkedin_person(raw: str) -> str | None:
    """Return a person's profile URL in its canonical form; None for anything else, a company's page too."""
    profile = _PROFILE_FAST(raw)
    return f"https://www.linkedin.com/in/{profile[1]}" if profile else _linkedin(raw, person=True)


def linkedin_company(raw: str) -> str | None:
    """Return a company page's URL in its canonical form; None for anything else, a person's profile too."""
    page = _COMPANY_PAGE_FAST(raw)
    return f"https://www.linkedin.com/company/{page[1]}" if page else _linkedin(raw, person=False)


def _lower(slug: str) -> str:
    if _MEMBER_ID(slug):
        return slug
    # 'İ' becomes two characters in lower case, of which the second is no letter: lower it no further.
    return slug.lower() if slug.isascii() or len(slug.lower()) == len(slug) else slug


@lru_cache(maxsize=CACHE)
def _linkedin(raw: str, *, person: bool) -> str | None:
    value = (text(raw) or "").strip("'\"<>() ")
    match = _LINKEDIN.match(value)
    if match is None:
        return None
    kind, slug = match[1].lower(), match[2].rstrip(".")
    if not slug or (kind in _PERSON_KINDS) != person:
        return None
    if kind == "pub":
        rest = re.match(r"(?:/[\w%~-]+)*", value[match.end() :])
        tail = _lower(rest[0]) if rest else ""
        return f"https://www.linkedin.com/pub/{_lower(slug)}{tail}"
    if kind.startswith("sales/") and kind != "sales/company":
        return f"https://www.linkedin.com/{kind}/{slug}"
    if kind in {"organization", "sales/company"}:
        kind = "company"
    return f"https://www.linkedin.com/{kind}/{_lower(slug)}"


_MULTIPLIER = {
    **dict.fromkeys(phrases("numbers.thousand"), 1_000),
    **dict.fromkeys(phrases("numbers.lakh"), 100_000),
    **dict.fromkeys(phrases("numbers.million"), 1_000_000),
    **dict.fromkeys(phrases("numbers.crore"), 10_000_000),
    **dict.fromkeys(phrases("numbers.billion"), 1_000_000_000),
}
_AMOUNT = (
    r"(\d{1,3}(?:[,. '\u00a0\u202f]\d{2,3})*[,. '\u00a0\u202f]\d{3}(?:[.,]\d{1,2})?(?![\d])|\d+(?:[.,]\d+)?)"
    r"\s*([a-z]+\b)?\.?"
)
_MONEY = re.compile(rf"(?:us\$|[$€£₹¥]|\b(?:{alternatives('numbers.units')})\b\.?)", re.IGNORECASE)
# What needs no reading: '51-200'; '$1,234,567', '€ 500', '1,000+', '78724.0'.
_PLAIN_RANGE = re.compile(r"[1-9]\d{0,13}-[1-9]\d{0,13}", re.ASCII).fullmatch
_AMOUNT_FAST = re.compile(r"[$€£]? ?(?:([1-9]\d{0,2}(?:,\d{3}){1,3})|([1-9]\d{0,13})(?:\.0)?)(\+?)", re.ASCII).fullmatch
_BEFORE = rf"(?:{any_word('numbers.about')}|[~≈<>≥≤])?\.?\s*"
_JOINT = rf"(-|–|—|{alternatives('numbers.to')}|…|\.\.)"
_RANGE = re.compile(rf"^{_BEFORE}{_AMOUNT}\s*(?:{_JOINT}\s*{_AMOUNT})?\s*(\+|{any_word('numbers.plus')})?$")
_OPEN = re.compile(rf"^(?:{any_word('numbers.at_least')}|>|≥)\s*")
_AT_MOST = phrases("numbers.at_most")


def number_range(raw: str) -> str | None:
    """Return a number or range in plain digits: '51-200', '1000+', '8200000000', '78724'; other text stays as it is.

    Understands '$8.2B', '1.2 Cr', '1,000+', '51 to 200', '10.000', '12 Mio. €', 'over 500 employees'.
    """
    if (raw.isdigit() and raw.isascii() and raw[0] != "0") or _PLAIN_RANGE(raw):
        return raw
    if amount := _AMOUNT_FAST(raw):
        grouped, plain, plus = amount.groups()
        return f"{grouped.replace(',', '') if grouped else plain}{plus}"
    return _number_range(raw)


@lru_cache(maxsize=CACHE)
def _number_range(raw: str) -> str | None:
    value = text(raw)
    if value is None:
        return None
    if value.isdigit() and value.isascii():
        return value.lstrip("0") or "0"
    if len(value) > _LONGEST_RANGE:
        return value
    lower = value.lower().replace("'", "")
    if "mil" in lower:
        lower = _mil_told_apart(lower)
    plain = " ".join(_MONEY.sub(" ", lower).split())
    match = _RANGE.match(plain)
    if match is None:
        return value
    low_digits, low_unit, joint, high_digits, high_unit, plus = match.groups()
    low = _amount(low_digits, low_unit or (high_unit if joint else None))
    high = _amount(high_digits, high_unit) if joint else None
    if low is None or (joint and high is None):
        return value
    if joint:
        return f"{low}-{high}" if high is not None and Decimal(low) <= Decimal(high) else value
    if plain[:1] in "<≤" or plain.startswith(_AT_MOST):
        return f"0-{low}"
    return f"{low}+" if plus or _OPEN.match(plain) else low


_LONGEST_RANGE = 200  # characters of a cell, with all the words that may stand around two amounts
_LONGEST_AMOUNT = 16  # characters; more than any company earns, and what a decimal holds exactly with any unit


def _amount(digits: str, unit: str | None) -> str | None:
    if len(digits) > _LONGEST_AMOUNT:
        return None
    factor = 1
    if unit:
        if unit not in _MULTIPLIER:
            return None
        factor = _MULTIPLIER[unit]
    number = _number(digits, has_unit=unit is not None)
    if number is None:
        return None
    amount = round(number * factor, 2)
    return str(int(amount)) if amount == int(amount) else f"{amount:.2f}".rstrip("0").rstrip(".")


def _number(digits: str, *, has_unit: bool) -> Decimal | None:
    """Read digits with their signs: of two kinds the last is the decimal one, of one kind it tells by its place."""
    kinds = [sign for sign in ".," if sign in digits]
    if len(kinds) == 2:
        decimal_sign = max(kinds, key=digits.rfind)
        if digits.count(decimal_sign) > 1:
            return None
        whole, _, part = digits.partition(decimal_sign)
        return Decimal(re.sub(r"\D", "", whole) + "." + part)
    grouped = re.fullmatch(r"\d{1,3}(?:[,. \u00a0\u202f]\d{2,3})*[,. \u00a0\u202f]\d{3}", digits)
    # '1.234' without a unit is one thousand odd; '1.234 Mio' is a decimal.
    if grouped and not (has_unit and digits.count(".") + digits.count(",") == 1):
        return Decimal(re.sub(r"\D", "", digits))
    if kinds and digits.count(kinds[0]) > 1:
        return None
    whole, sign, part = digits.partition(kinds[0]) if kinds else (digits, "", "")
    return Decimal(re.sub(r"\D", "", whole) + ("." + part if sign else ""))


_MIL = re.compile(r"\bmil\b(\.?)")
_IN_DOLLARS = re.compile(r"(?<!r)\$|\b(?:usd|us)\b|£|\bgbp\b")


def _mil_told_apart(text: str) -> str:
    """Write 'mil' out where it is a million: beside dollars, and as an abbreviation; else it is a word for thousand."""
    is_million = _IN_DOLLARS.search(text) is not None

    def written(found: re.Match[str]) -> str:
        return " million " if is_million or found[1] else found[0]

    return _MIL.sub(written, text)


def postal_code(raw: str) -> str | None:
    """Return a postal code: '78724.0' -> '78724', '="00123"' -> '00123'; nothing is padded, nothing guessed."""
    if raw.isdigit():
        return raw
    value = text(raw)
    if value is None or SCIENTIFIC.match(value):
        return None
    if whole := WHOLE.match(value):
        return whole[1]
    return postal_code(value.lstrip("'")) if value[0] == "'" else value


def external_id(raw: str) -> str | None:
    """Return an id as it stands, without a spreadsheet's '.0'; ids destroyed to '4.9E+11' are refused."""
    if raw.isdigit():
        return raw
    value = text(raw)
    if value is None or SCIENTIFIC.match(value):
        return None
    if whole := WHOLE.match(value):
        return whole[1]
    return value
