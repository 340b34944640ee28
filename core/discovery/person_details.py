"""A person's LinkedIn address, e-mail address and phone number, from inside the person's own block only."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from urllib.parse import unquote, urlsplit

from core.discovery.detail_reasons import DetailHolder, DetailReason
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
_JOINED_AT = re.compile(
    r"(?<![\w.+-])([\w.+]{2,40}+)[-_]at[-_]([a-z\d-]{2,40}+(?:\.[a-z\d-]{2,40}+){1,3}+)", re.IGNORECASE
)
_MARKER = re.compile(
    rf"(?P<before>[._@-]?)\b_?(?:{alternatives('mailboxes.spam_markers')})_?\b(?P<after>[._@-]?)", re.IGNORECASE
)
_LOUD_MARKER = re.compile("NO_?SPAM|REMOVE_?(?:THIS|ME)|SPAM_?FREE")
"""What people put into an address so that machines get a wrong one."""
_WIDE = str.maketrans("＠．", "@.")
_SHARED_BOX = re.compile(rf"^(?:{alternatives('mailboxes.on_pages')})\d*$")
_PHONE = re.compile(r"(?<![\w/])\+\d[\d\s().\-/]{7,20}\d(?!\w)")


@dataclass(frozen=True)
class ContactDetails:
    """What a person's block shows of them; each None where it is not shown.

    Attributes:
        reasons: of each that is shown, how sure it is theirs, and why.
    """

    linkedin_url: str | None = None
    email: str | None = None
    phone: str | None = None
    reasons: tuple[DetailReason, ...] = ()


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
    if not text.isascii():
        text = text.translate(_WIDE)
    text = _JOINED_AT.sub(r"\1@\2", _DOT.sub(".", _AT.sub("@", text)))
    if "@" in text:
        text = _LOUD_MARKER.sub("", _MARKER.sub(_without_marker, text))
    return _SPELLED.sub(lambda found: f"{found[1]}@{found[2]}" + found[3].lower().replace(" dot ", "."), text)


def _without_marker(found: re.Match[str]) -> str:
    """Take out a word that is to be removed, with one of the signs that part it from its neighbours."""
    before, after = found["before"], found["after"]
    if "@" in (before, after):
        return "@"
    return before if before and after else ""


def is_shared_mailbox(address: str) -> bool:
    """Return whether an address is a company's and not a person's ("info@...")."""
    return bool(_SHARED_BOX.match(address.split("@")[0].lower()))


def details(
    links: Iterable[Link],
    texts: Sequence[str],
    *,
    shared: frozenset[str] = frozenset(),
    owner: DetailHolder | None = None,
) -> ContactDetails:
    """Collect a person's details from the links and lines of their block.

    Args:
        links: the links of the block, in order.
        texts: its lines.
        shared: profiles, addresses and numbers that stand with several people or with none: the company's own.
        owner: whose they have to be; None takes what stands there.
    """
    links = tuple(links)
    profiles = [found for link in links if (found := linkedin_profile(link.href)) and found.lower() not in shared]
    addresses = [address for address in addresses_in(links, texts) if _is_own(address, shared)]
    numbers = [number for number in numbers_in(links, texts) if number not in shared]
    if owner is None:
        first = [found[0] if found else None for found in (profiles, addresses, numbers)]
        return ContactDetails(linkedin_url=first[0], email=first[1], phone=first[2])
    linkedin, why_linkedin = _best(profiles, owner.linkedin)
    email, why_email = _best(addresses, owner.email)
    phone, why_phone = _best(numbers[:1], lambda _: owner.phone())
    reasons = tuple(why for why in (why_linkedin, why_email, why_phone) if why is not None)
    return ContactDetails(linkedin, email, phone, reasons)


def _best(found: Sequence[str], judge: Callable[[str], DetailReason | None]) -> tuple[str | None, DetailReason | None]:
    """Return the surest of what was found, the first of those that are as sure."""
    judged = [(value, why) for value in found if (why := judge(value)) is not None]
    return max(judged, key=lambda one: one[1].confidence, default=(None, None))


def addresses_in(links: Iterable[Link], texts: Iterable[str]) -> Iterator[str]:
    """Yield the addresses that links write to and lines spell out, in that order."""
    yield from filter(None, (email_of_link(link.href) for link in links))
    for text in texts:
        yield from _written_emails(text)


def numbers_in(links: Iterable[Link], texts: Iterable[str]) -> Iterator[str]:
    """Yield the telephone numbers that links call and lines spell out, in that order."""
    called = (_phone(link.href[4:]) for link in links if link.href.lower().startswith("tel:"))
    yield from filter(None, chain(called, map(_written_phone, texts)))


def _is_own(address: str, shared: frozenset[str]) -> bool:
    return address not in shared and not is_shared_mailbox(address)


def _written_emails(text: str) -> Iterator[str]:
    """Yield the address that stands in a line, plainly or hidden from machines, and what it is read backwards."""
    low = text.lower()
    if not ("@" in low or "＠" in low or " at " in low or "-at-" in low or "[at]" in low or "(at)" in low):
        return
    for way in (text, text[::-1]):
        found = email_in(plain_email_text(way))
        if found:
            yield found.lower()


def _written_phone(text: str) -> str | None:
    """An international number that stands in a line."""
    number = _PHONE.search(text) if "+" in text else None
    return _phone(number[0]) if number else None


def _phone(text: str) -> str | None:
    digits = re.sub(r"[^\d+]", "", unquote(text).replace("(0)", ""))
    return digits if 7 <= len(digits.lstrip("+")) <= 15 else None
