"""What a company's own website says of the company: name, description, address, phone, e-mail, profiles elsewhere.

Structured data first, then what the markup means (`tel:`, `mailto:`, links to networks, meta tags), then visible text.
Where two values contradict each other and nothing tells them apart, none is taken.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from core.discovery.document import Document, Link, TextLine
from core.discovery.person_details import email_of_link, is_shared_mailbox, plain_email_text
from core.enrichment.questions import Found
from core.enrichment.website_structured import Organisation, organisations
from core.leads.fields import BY_NAME, FieldType, clean
from core.text import normalize
from core.text.countries import country_code
from core.text.country_readings import read_country
from core.text.folding import fold
from core.text.lexicons import alternatives
from core.text.postal_addresses import read_addresses
from core.text.shared_hosts import is_shared

_STRUCTURED, _MARKED_UP, _READ = 0.95, 0.85, 0.7
_MAX_DESCRIPTION = 1_000
_MIN_LABEL = 5
_WORLDWIDE = frozenset(["ai", "as", "cc", "fm", "io", "nu", "sc", "sh", "st", "tk", "to", "tv", "vc", "ws"])
"""Endings of small countries under which companies of any country live."""
_ADDRESS = frozenset({"street", "city", "state", "country", "postal_code"})
_CONTACT = re.compile(alternatives("pages.of_contact"), re.IGNORECASE)
_LEGAL = re.compile(alternatives("pages.of_law"), re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(rf"(?:{alternatives('pages.phone')})\b[.:\s]*(\+?[\d(][\d\s()./–-]{{6,22}}\d)", re.IGNORECASE)
_SLOGAN = re.compile(r"\s+[|–—·:-]\s+")
"""What parts a name from what is said of it."""
_FAX = re.compile(r"fax", re.IGNORECASE)
_NETWORKS = {
    field: re.compile(pattern, re.IGNORECASE)
    for field, pattern in {
        "facebook_url": r"^(?:[\w-]+\.)?facebook\.com/((?:pages|people)/[^/?#]+/\d+|(?:pg/)?[\w.%-]{2,80})/?",
        "instagram_url": r"^(?:www\.)?instagram\.com/([\w.]{2,40})/?",
        "x_url": r"^(?:www\.|mobile\.)?(?:twitter|x)\.com/@?(\w{2,20})/?$",
        "youtube_url": r"^(?:www\.)?youtube\.com/((?:channel|c|user)/[\w%-]{2,80}|@[\w.%-]{2,60})/?",
    }.items()
}
_NO_PROFILE = re.compile(
    r"^(?:people/?$|pages/?$|sharer?|share\.php|sharer\.php|dialog|plugins|tr|login|intent|home|hashtag|search|i|privacy|policies|p|reel|"
    r"explore|events|groups|watch|profile\.php|help|about|legal|wix|wordpress|squarespace)(?:$|[/?])",
    re.IGNORECASE,
)
_HOSTS = {"facebook_url": "www.facebook.com", "instagram_url": "www.instagram.com", "x_url": "x.com",
          "youtube_url": "www.youtube.com"}  # fmt: skip


@dataclass(frozen=True)
class SitePage:
    """A page of the site; the home page comes first."""

    url: str
    document: Document


def contact_links(document: Document, limit: int = 2) -> list[str]:
    """Return the links of a page that lead to contact details, the most promising first, as written."""
    scored = []
    for link in document.links:
        words = f"{link.text} {link.hint} {_path_of(link.href)}"[:400]
        if _CONTACT.search(words) and not link.href.lower().startswith(("mailto:", "tel:", "javascript:", "#")):
            scored.append((0 if _LEGAL.search(words) else 1, len(link.href), link.href))
    return list(dict.fromkeys(href for _, _, href in sorted(scored)))[:limit]


def _path_of(href: str) -> str:
    try:
        return urlsplit(href).path
    except ValueError:  # no address
        return ""


def website_facts(pages: Sequence[SitePage]) -> tuple[Found, ...]:
    """Read what a site's pages say of its company.

    Args:
        pages: at least one, the home page first.

    Returns:
        At most one value a field.
    """
    found: dict[str, Found] = {}
    structured = [(page.url, one) for page in pages for one in organisations(page.document.root, page.url)]
    chosen = _company(structured)
    country = _country(chosen, pages[0].url)
    for reader in (_from_structured(chosen, country), _from_markup(pages, country), _from_text(pages, country)):
        has_address = not _ADDRESS.isdisjoint(found)
        for value in reader:
            if not (has_address and value.field in _ADDRESS):
                found.setdefault(value.field, value)
    return tuple(found.values())


def _company(candidates: Sequence[tuple[str, Organisation]]) -> list[tuple[str, Organisation]]:
    """Return the nodes about the company; several that differ in name, none with the site's address, are nobody."""
    own = [entry for entry in candidates if entry[1].is_own]
    if own:
        # A site often describes itself once a page; what the first leaves out another says.
        name = next((one.name for _, one in own if one.name), "")
        return [entry for entry in own if not entry[1].name or entry[1].name.casefold() == name.casefold()]
    names = {one.name.casefold() for _, one in candidates if one.name}
    return list(candidates) if len(names) <= 1 else []


def _country(chosen: Sequence[tuple[str, Organisation]], url: str) -> str | None:
    """Return the ISO code for phone numbers: of the address, else of the domain's ending."""
    for _, one in chosen:
        if code := read_country(dict(one.address).get("country", "")).code:
            return code
    ending = (urlsplit(url).hostname or "").rpartition(".")[2]
    if ending in _WORLDWIDE:
        return None
    return {"uk": "GB"}.get(ending) or (ending.upper() if len(ending) == 2 and country_code(ending) else None)


def _clean(field: str, value: str, country: str | None) -> str | None:
    kind = BY_NAME[field].type
    is_words = kind in (FieldType.TEXT, FieldType.REGION)
    cleaned = clean(field, " ".join(value.split()) if is_words else value, country)
    return cleaned[:_MAX_DESCRIPTION] if cleaned and is_words else cleaned


def _values(fields: Iterable[tuple[str, str]], url: str, confidence: float, country: str | None) -> Iterable[Found]:
    for field, written in fields:
        value = _clean(field, written, country) if written else None
        if value:
            yield Found(field, value, url, confidence)


def _from_structured(chosen: Sequence[tuple[str, Organisation]], country: str | None) -> Iterable[Found]:
    has_address = False
    for url, one in chosen:
        fields = [
            ("company_name", one.name),
            ("company_phone", one.phone),
            ("company_email", one.email),
            ("company_description", one.description if len(one.description) >= 20 else ""),
            # Parts of two addresses would make a third.
            *(() if has_address else one.address),
            *((field, profile) for link in one.same_as for field, profile in _profiles(link)),
        ]
        has_address = has_address or bool(one.address)
        yield from _values(fields, url, _STRUCTURED, country)


def _profiles(href: str) -> Iterable[tuple[str, str]]:
    """Yield what a link to a network is the profile of."""
    text = href.strip()
    text = f"https:{text}" if text.startswith("//") else text
    if company := normalize.linkedin_company(text):
        yield "company_linkedin_url", company
        return
    place = re.sub(r"^https?://", "", unquote(text), flags=re.IGNORECASE)
    for field, pattern in _NETWORKS.items():
        match = pattern.match(place)
        if match and not _NO_PROFILE.match(match[1]):
            yield field, f"https://{_HOSTS[field]}/{match[1]}"


def _from_markup(pages: Sequence[SitePage], country: str | None) -> Iterable[Found]:
    yield from _from_head(pages[0])
    links = [(page.url, link) for page in pages for link in page.document.links]
    yield from _profile_links(links, pages[0])
    for url, link in links:
        if link.href.strip().lower().startswith(("tel:", "callto:")) and not _is_fax(link, pages, url):
            yield from _values([("company_phone", unquote(link.href.split(":", 1)[1]))], url, _MARKED_UP, country)
    yield from _emails(
        [(url, address) for url, link in links if (address := email_of_link(link.href))], pages, _MARKED_UP
    )


def _is_fax(link: Link, pages: Sequence[SitePage], url: str) -> bool:
    lines = next(page.document.lines for page in pages if page.url == url)
    index = int(link.position)
    around = lines[index].text if index < len(lines) and index == link.position else link.text
    before = around.partition(link.text)[0] if link.text else around
    return bool(_FAX.search(before[-15:]) or _FAX.search(link.text))


def _from_head(home: SitePage) -> Iterable[Found]:
    metas: dict[str, str] = {}
    for meta in home.document.root.iter("meta"):
        name = (meta.get("property") or meta.get("name") or "").lower()
        if name and meta.get("content"):
            metas.setdefault(name, str(meta.get("content")))
    described = metas.get("description") or metas.get("og:description") or ""
    fields = [
        ("company_name", _SLOGAN.split(" ".join(metas.get("og:site_name", "").split()))[0]),
        ("company_description", described if len(described) >= 20 else ""),
        ("website_title", home.document.title),
    ]
    yield from _values(fields, home.url, _MARKED_UP, None)


def _profile_links(links: Sequence[tuple[str, Link]], home: SitePage) -> Iterable[Found]:
    """Yield profiles that the site links: the one in header and footer, else the one that is called like the site."""
    seen: dict[str, dict[str, tuple[str, bool]]] = {}
    for _, link in links:
        is_frame = link.zone in ("header", "footer", "nav")
        for field, profile in _profiles(link.href):
            kept = seen.setdefault(field, {}).setdefault(profile.casefold(), (profile, is_frame))
            if is_frame and not kept[1]:
                seen[field][profile.casefold()] = (profile, True)
    looks_own = _own_names(home)
    places = {profile.casefold(): url for url, link in reversed(links) for _, profile in _profiles(link.href)}
    for field, profiles in seen.items():
        framed = [profile for profile, is_frame in profiles.values() if is_frame]
        # Elsewhere on a page stand the profiles of people and customers too.
        alone = framed or [profile for profile, _ in profiles.values() if looks_own(profile)]
        if len(alone) == 1:
            yield Found(field, alone[0], places[alone[0].casefold()], _MARKED_UP)


def _emails(candidates: Sequence[tuple[str, str]], pages: Sequence[SitePage], confidence: float) -> Iterable[Found]:
    """Yield the company's shared mailbox, the one that is named most; a person's address is none."""
    counts = Counter(address for _, address in candidates if is_shared_mailbox(address))
    own = _domains(pages)
    for address, _ in counts.most_common():
        domain = normalize.domain(address.rpartition("@")[2]) or ""
        # A mailbox at another company's domain is that company's; one at a mail provider may be this one's.
        value = normalize.email(address) if own(domain) or is_shared(domain) else None
        if value:
            yield Found("company_email", value, next(url for url, one in candidates if one == address), confidence)
            return


def _domains(pages: Sequence[SitePage]) -> Callable[[str], bool]:
    """Return a test for the company's own domains: the site's, and those called like its title."""
    site, looks_own = normalize.domain(pages[0].url), _own_names(pages[0])
    return lambda domain: domain == site or looks_own(domain.partition(".")[0])


def _own_names(home: SitePage) -> Callable[[str], bool]:
    """Return a test for names that are the company's: what stands in its title or domain, or holds the latter."""
    title = _letters(home.document.title)
    label = _letters((normalize.domain(home.url) or "").partition(".")[0])

    def is_own(name: str) -> bool:
        text = _letters(name.rstrip("/").rpartition("/")[2])
        if len(text) < _MIN_LABEL:
            return text == label != ""
        return text in title or text in label or (len(label) >= _MIN_LABEL and label in text)

    return is_own


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", fold(text))


def _from_text(pages: Sequence[SitePage], country: str | None) -> Iterable[Found]:
    address = list(_address(pages))
    named = next((part.value for part in address if part.field == "country"), None)
    country = named or country
    yield from address
    for page in pages:
        for line in _own_lines(page, pages[0]):
            match = _PHONE.search(line.text)
            if match and not _FAX.search(line.text[: match.start(1)][-15:]):
                yield from _values([("company_phone", match[1])], page.url, _READ, country)
    texts = [(page.url, address.lower()) for page in pages for line in page.document.lines if "@" in line.text
             or "(at)" in line.text.lower() for address in _EMAIL.findall(plain_email_text(line.text))]  # fmt: skip
    yield from _emails(texts, pages, _READ)


def _own_lines(page: SitePage, home: SitePage) -> list[TextLine]:
    """Return the lines that speak of the company: frames of the home page, and all of a contact page."""
    lines = page.document.lines
    return [line for line in lines if line.zone in ("header", "footer")] if page is home else lines


def _address(pages: Sequence[SitePage]) -> Iterable[Found]:
    """Yield the one address that the pages name; of several none, unless one stands in every page's footer."""
    for lines_of in (
        lambda page: [line.text for line in page.document.lines if line.zone == "footer"],
        lambda page: [line.text for line in _own_lines(page, pages[0])],
    ):
        found = {
            (address.postal_code, address.city.casefold()): (page.url, address)
            for page in reversed(pages)
            for address in read_addresses(lines_of(page))
        }
        if len(found) == 1:
            ((url, address),) = found.values()
            yield from _values(address.fields(), url, _READ, None)
            return
