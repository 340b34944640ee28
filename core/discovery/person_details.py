"""A person's LinkedIn address, e-mail address and phone number, from inside the person's own block only."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from urllib.parse import unquote, urlsplit

from core.discovery.document import Link
from core.discovery.protected_mail import decoded_cloudflare, email_in
from core.text.lexicons import alternatives, any_word

_PROFILE = re.compile(r"^/(in|pub)/([^/?#]+(?:/[\w-]+){0,3})/?", re.IGNORECASE)
_LANGUAGE = re.compile(r"/[a-z]{2}(?:[_-][a-z]{2})?$", re.IGNORECASE)
# White space before the bracket is taken only from where it begins: a long run of it is gone through once.
_SPACED = r"(?:(?<!\s)\s++)?+[\[({{<]\s*+(?:{})\s*+[\])}}>]\s*+"
_AT = re.compile(_SPACED.format(any_word("mailboxes.at")), re.IGNORECASE)
_DOT = re.compile(_SPACED.format(alternatives("mailboxes.dot")), re.IGNORECASE)
_SPELLED = re.compile(r"\b([\w.+-]{2,40}) (?:at|AT) ([\w-]{2,40})((?: (?:dot|DOT) [\w-]{2,20}){1,3})\b")
_SHARED_BOX = re.compile(rf"^(?:{alternatives('mailboxes.on_pages')})\d*$")
_PHONE = re.compile(r"(?<![\w/])\+\d[\d\s().\-/]{7,20}\d(?!\w)")


@dataclass(frozen=True)
class ContactDetails:
    """What a person's block shows of them; each None where it is not shown."""

    linkedin_url: str | None = None
    email: str | None = None
    phone: str | None = None


def linkedin_profile(href: str) -> str | None:
    """Return a personal LinkedIn address in one spelling, or None for companies, share links and everything else."""
    href = href.strip()
    if href.startswith("//"):
        href = "https:" + href
    elif re.match(r"^(?:[a-z]{2,3}\.)?linkedin\.com/", href, re.IGNORECASE):
        href = "https://" + href
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("http", "https") or not (host == "linkedin.com" or host.endswith(".linkedin.com")):
        return None
    found = _PROFILE.match(re.sub(r"//+", "/", unquote(parts.path)))
    if found is None:
        return None
    kind, slug = found[1].lower(), found[2].strip()
    slug = _LANGUAGE.sub("", slug) if kind == "in" else slug
    if kind == "in":
        slug = slug.split("/")[0]
    if len(slug) < 3 or slug.lower() in ("your-profile", "username", "yourprofile", "profile", "yourname", "example"):
        return None
    return f"https://www.linkedin.com/{kind}/{slug}"


def email_of_link(href: str) -> str | None:
    """Return the address a link writes to, or None."""
    href = href.strip()
    marker = "/cdn-cgi/l/email-protection#"
    if marker in href:
        return decoded_cloudflare(href.split(marker, 1)[1])
    if not href.lower().startswith("mailto:"):
        return None
    address = unquote(href[7:].split("?")[0]).strip()
    found = email_in(plain_email_text(address))
    return found.lower() if found else None


def plain_email_text(text: str) -> str:
    """Undo what people do to hide addresses: "jane [at] example [dot] com", "jane at example dot com"."""
    text = _DOT.sub(".", _AT.sub("@", text))
    return _SPELLED.sub(lambda found: f"{found[1]}@{found[2]}" + found[3].lower().replace(" dot ", "."), text)


def is_shared_mailbox(address: str) -> bool:
    """Return whether an address is a company's and not a person's ("info@...")."""
    return bool(_SHARED_BOX.match(address.split("@")[0].lower()))


def details(links: Iterable[Link], texts: Sequence[str], *, shared: frozenset[str] = frozenset()) -> ContactDetails:
    """Collect a person's details from the links and lines of their block.

    Args:
        links: the links of the block, in order.
        texts: its lines.
        shared: LinkedIn and e-mail addresses that stand with several people or with none: the company's own.
    """
    links = tuple(links)
    profiles = (linkedin_profile(link.href) for link in links)
    linkedin = next((profile for profile in profiles if profile and profile.lower() not in shared), None)
    addresses = chain((email_of_link(link.href) for link in links), map(_written_email, texts))
    email = next((address for address in addresses if address and _is_own(address, shared)), None)
    called = (_phone(link.href[4:]) for link in links if link.href.lower().startswith("tel:"))
    phone = next(filter(None, chain(called, map(_written_phone, texts))), None)
    return ContactDetails(linkedin, email, phone)


def _is_own(address: str, shared: frozenset[str]) -> bool:
    return address not in shared and not is_shared_mailbox(address)


def _written_email(text: str) -> str | None:
    """An address that stands in a line, plainly or hidden from machines."""
    low = text.lower()
    if not ("@" in low or " at " in low or "[at]" in low or "(at)" in low):
        return None
    found = email_in(plain_email_text(text))
    return found.lower() if found else None


def _written_phone(text: str) -> str | None:
    """An international number that stands in a line."""
    number = _PHONE.search(text) if "+" in text else None
    return _phone(number[0]) if number else None


def _phone(text: str) -> str | None:
    digits = re.sub(r"[^\d+]", "", unquote(text).replace("(0)", ""))
    return digits if 7 <= len(digits.lstrip("+")) <= 15 else None
