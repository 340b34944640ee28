"""Where somebody's address is from, in one line that they understand; nothing where it is not known.

Said where a person was never written to before: who collects an address elsewhere has to say from which source at the
latest in the first message (GDPR, art. 14 (2) f and (3) b).
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.outreach.campaigns import is_fit
from core.outreach.markets import gives_orders
from core.text import normalize
from core.text.plain_text import plain_line

_LONGEST_URL = 120
_LONGEST_LIST = 60
_PLAIN_PATH = re.compile(r"[\w/.~%+-]*")
_QUOTES = '“”"„'


@dataclass(frozen=True, slots=True)
class AddressSource:
    """What is known of where an address was found.

    Attributes:
        page: it stood there, on the web.
        provider: what people call the company that gave it.
        list_name: what the list is called that it stood in.
        is_of_crm: it stood in our CRM.
        company_domain: of the company it is for.
    """

    page: str | None = None
    provider: str | None = None
    list_name: str | None = None
    is_of_crm: bool = False
    company_domain: str | None = None


def told(source: AddressSource) -> str | None:
    """Return the line that says where an address is from, or None where that is not known."""
    if page := _shown(source.page):
        is_own = source.company_domain is not None and normalize.own_domain(source.page or "") == source.company_domain
        return f"Your address is from {'your company’s website' if is_own else 'a public page'} ({page})."
    if source.provider:
        return f"Your address is from {source.provider}, a provider of business contacts."
    if source.is_of_crm:
        return "Your address is from our contact records."
    if name := _list_name(source.list_name):
        return f"Your address is from a list named “{name}”."
    return None


def _shown(page: str | None) -> str | None:
    """Return a page's address as it can stand in a message: without its query; its host alone where long or odd."""
    try:
        parts = urlsplit(page or "")
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or not (page or "").isprintable():
        return None
    host = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    whole = f"{host}{parts.path}"
    return whole if len(whole) <= _LONGEST_URL and _PLAIN_PATH.fullmatch(parts.path) else host


def _list_name(text: str | None) -> str | None:
    """Return a list's name that may be said: a few plain words, none of our own workings, no order."""
    name = plain_line(text or "").strip(f" {_QUOTES}")
    return name if len(name) <= _LONGEST_LIST and is_fit(name) and not gives_orders(name) else None
