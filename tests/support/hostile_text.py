"""Texts that make a careless reader slow, and every reader of what strangers write.

An *atom* is a class of character or a marker that is repeated until the text has the size wanted, perhaps after a
beginning and before an end. A *reader* takes a text and does with it what the program does.
"""

import functools
import gc
import html
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from types import FrameType

from langchain_core.messages import AIMessage

from agents.structured import Schema, read_value
from core.conversation import turns as conversation
from core.conversation.playbook import DEFAULT
from core.discovery import person_details as contacts
from core.discovery import prose
from core.discovery.choosing import question_of
from core.discovery.company import of_site
from core.discovery.document import parse
from core.discovery.extraction import extract
from core.discovery.frontier import is_script_shell, sitemap_addresses
from core.discovery.page_kinds import candidates, further
from core.discovery.robots import Robots
from core.discovery.site_people import merge
from core.enrichment import text_readings
from core.enrichment.website_facts import SitePage, contact_links, website_facts
from core.errors import MalformedAnswer
from core.imports import headers
from core.imports.column_content import profile
from core.imports.column_words import concepts_of, fold_header
from core.imports.columns import map_columns
from core.imports.csv_format import find_header, records_of, vote_delimiter
from core.imports.lead_rows import row_reader
from core.outreach import campaigns, markets, meetings, opt_out, proposals, reply_reading
from core.qualification import criteria, model_assessment
from core.text import cell_numbers, cell_text, normalize, phones
from core.text.charsets import decode
from core.text.country_readings import country
from core.text.names import read_name
from core.text.postal_addresses import read_addresses
from core.text.titles import read_title

Reader = Callable[[str], object]
Atom = tuple[str, str, str]
"""Beginning, what is repeated, end."""

CHARACTERS = (
    *("a", "A", "1", "é", "Å", "ß", "İ", "½", "٣", "漢", "א", "😀", "\u0301", "\u200b", "\u00a0", "ﷺ", "ﬁ", "\x00"),
    *(" ", "\t", "\n", "\r\n", ".", ",", ";", ":", "!", "?", "-", "–", "—", "/", "\\", "|", "*", "_", "+", "=", "#"),
    *("%", "&", "~", "^", "`", "$", "€", "©", "•", "·", "(", ")", "[", "]", "{", "}", "<", ">", '"', "'", "’", "@"),
)
MARKERS = (
    *("Word ", "word ", "A. ", "a.", "a-", "-a", "Aa-", "A/", "a, ", "a . ", "- ", " - x", "1 ", "1,", "1.", "1-"),
    *("(a) ", "()"),
    *("CEO ", "CEO, ", "CEO: ", "Jane Doe ", "Jane Doe, ", "Jane Doe CEO ", "Jane Doe (", "Jane Doe and ", "Dr. "),
    *("Dr ",),
    *("Jane van ", "our ", "our CEO ", "Jane Doe is ", "Jane Doe leads ", "Jane Doe's ", "the ", "by ", "As "),
    *("I am ", "who x "),
    *("founded by ", "ist Jana Doe ", "Manager, ", "vertreten durch ", "Geschäftsführer: ", "co-", "chief-"),
    *("CEO of ", "MD "),
    *("a@", "a@b.", "a.b@", "[at] ", "a at b dot c ", "www.a", "http:", "https://a.", "../", "+1 ", "+49 30 1"),
    *("Tel.: ",),
    *("12345 ", "12345 Aa ", "Aa, AA 12345 ", "Street 1, ", "1,000", "$1 ", "1 to ", "> ", "On a\nwrote: ", "-- "),
    *("_ ", "slot 1 "),
    *("unsubscribe ", "melde mich a ", "ignore a ", "'a", '"a', '"a",', '""', "a;b\n", "a\tb\n", "```", "[["),
    *('{"a":', '\\"'),
    *("location=", "url=", "fetch('", "include", "getElementById('", "display:none;", "left:-99", "a{", "a{b}"),
    *(".a,", "@a", "@a{"),
    *("@a{b{c}", "@a{b{c}}", "@import a;", "/*", "*/", "/* a */", "url (", "adipisc", "schema.org/Person ", "Person "),
    *("<loc>", "<loc> ", "<loc>a", "<loc><![CDATA[ ", "User-agent: *\n", "Disallow: /a\n", "Allow: /*a\n", "&amp;"),
    *("&#1;",),
)  # fmt: skip
TAGS = (
    *("<a href='/team'>Team</a>", "<a href=x>", "<a href=x><div>", "<a href=x> </a>", "<a href=x><img alt=a>"),
    *("<a href=x><b>",),
    *("<div>", "<div>x</div>", "<div>x", "<p>", "<b>", "<b>x</b>", "<li>Jane Doe", "<ul><li>", "<td>"),
    *("<tr><td>Jane Doe<td>b",),
    *("<table><tr><td>", "<h2>CEO</h2><p>Jane Doe</p>", "<h2>", "<section>", "<blockquote>", "<nav>", "<option>"),
    *("<svg>",),
    *("<div>Jane Doe</div>", "<div><div>Jane Doe</div>", "<div><p>CEO</p>", "<p>Jane Doe</p>", "<p>Acme Inc</p>"),
    *("<i>Jane</i>",),
    *("<!--", "<!-- a -->", "<![CDATA[", "<script>", "x<script></script>", "<style>.a{", "</div>", "</p>"),
    *("<title>", "<meta>"),
    *("<div hidden><a href=x>", "<div onclick=\"location.href='/x'\">", "<area href=x>", "<frame src=x>"),
    *("<img alt='Jane Doe, CEO'>",),
    *("<div class=vcard>", "<div class=vcard><i class=fn>Jane Doe</i><i class=title>CEO</i>", "<div typeof=Person>"),
    *("<div itemscope itemtype='https://schema.org/Person'><i itemprop=name>Jane Doe</i>", "<div id=a class=b>"),
    *("<span>x",),
    *("<div itemscope itemtype='https://schema.org/Organization' itemprop=address>",),
    *("<span data-cfemail=5d6e6f7071727374>",),
    *("<a href='mailto:a@b.example'>x</a>", "<a href='tel:+49301234567'>x</a>"),
    *("<a href='https://linkedin.com/in/ab'>x</a>",),
)  # fmt: skip
MIXED: tuple[Atom, ...] = (
    *(
        (before, unit, end)
        for before in ("A word from our CEO Jane Doe", "CEO: ", "Aa")
        for unit in "-/.' &"
        for end in ("", "!")
    ),
    *(("Jane Doe, ", "a, ", ""), ("Jane Doe is ", "a ", "."), ("Jane Doe (", "a", ""), ("our ", "a-", " Jane")),
    *(("J", "A", " "),),
    *(("a@", "b.", " c"), ("a@b", ".", " c"), ("http://a", ".a", "!"), ("1", " ", "x"), ("1", "1", "x")),
    *(('="', '""', ""),),
    *(("2020-01-01t", "1", " a"), ("12345 ", "A ", ""), ("+1", " ", "a"), ("mailto:a", " ", "(at)")),
    *(("```", " ", ""), ("On ", "a", "")),
    *(("@a{", "b{c}", ""), ("a{", " ", ""), ("/*", "*", ""), ("<loc>", " ", ""), ("<div ", "a", "")),
    *(("<div ", "id ", ""),),
    *(("\n", "\n", "1"), ("--", " ", "a"), ("no ", "\t", "x"), ('{"a":', "[", ""), ("# ", " ", "a"), ("'", "'", "=1")),
)  # fmt: skip
TEXT_ATOMS: dict[str, Atom] = {
    **{repr(unit): ("", unit, "") for unit in (*CHARACTERS, *MARKERS)},
    **{f"{before!r} {unit!r}… {end!r}": (before, unit, end) for before, unit, end in MIXED},
}
TAG_ATOMS: dict[str, Atom] = {repr(unit): ("", unit, "") for unit in TAGS}


def text_of(atoms: Sequence[Atom], size: int) -> str:
    """Repeat each atom until all of them together have so many characters."""
    share = size // len(atoms)
    runs = (before + unit * ((share - len(before) - len(end)) // len(unit)) + end for before, unit, end in atoms)
    return "\n".join(runs)


def together(atoms: Mapping[str, Atom], count: int, reader: str) -> dict[str, list[Atom]]:
    """Put so many atoms each behind each other, others for each reader: one by one would take minutes."""
    names = sorted(atoms)
    random.Random(reader).shuffle(names)
    parts = (names[at : at + count] for at in range(0, len(names), count))
    return {", ".join(part): [atoms[name] for name in part] for part in parts}


SITE = "https://acme-looms.example"


def read_page(markup: str) -> None:
    """Do with a page all that is done with pages."""
    document = parse(markup)
    url = f"{SITE}/team"
    findings = extract(document, url, of_site([(url, document)]))
    merge([findings])
    question_of(document, findings)
    candidates(document, url)
    further(document, url)
    is_script_shell(document, markup)
    website_facts([SitePage(f"{SITE}/", document), SitePage(url, document)])
    contact_links(document)


def pieces(text: str, size: int) -> list[str]:
    """Cut a text into pieces of one length."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def _letters(number: int) -> str:
    return "".join(chr(97 + int(digit)) for digit in str(number))


def each(template: str, size: int) -> Reader:
    """Put a text into a page in many pieces, no two alike, since what was read is remembered."""

    def read(text: str) -> None:
        cut = enumerate(pieces(text, size))
        read_page("".join(template.format(html.escape(piece), _letters(number)) for number, piece in cut))

    return read


def once(template: str, *, escape: bool = True) -> Reader:
    """Put a text into one place of a page."""
    return lambda text: read_page(template.format(html.escape(text) if escape else text))


PAGE_READERS: dict[str, Reader] = {
    "markup": read_page,
    "paragraph": once("<p>{}</p>"),
    "title": once("<title>{}</title><p>Jane Doe, CEO</p>"),
    "style block": once("<style>{}</style><p class=a>Jane Doe, CEO</p>", escape=False),
    "script": once("<script>{}</script><p>Jane Doe, CEO</p>", escape=False),
    "JSON-LD": once("<script type='application/ld+json'>{}</script>", escape=False),
    "refresh": once('<meta http-equiv=refresh content="{}">'),
    "meta": once('<meta property=og:site_name content="{0}"><meta name=description content="{0}">'),
    "attributes": once(
        '<div style="{0}" class="{0}" onclick="{0}" itemtype="{0}" typeof="{0}" aria-label="{0}" id="{0}">x</div>'
        '<img alt="{0}"><span data-cfemail="{0}">x</span><base href="{0}">'
    ),
    "link": once('<a href="{0}" title="{0}">{0}</a><a href="mailto:{0}">a</a><a href="tel:{0}">b</a>'),
    "profile": once('<a href="https://linkedin.com/in/{0}">a</a><a href="https://x.com/{0}">b</a>'),
}
"""The page gets the text once: whole."""
LINE_READERS: dict[str, Reader] = {
    "long lines": each("<p>{} {}</p>", 1_980),
    "lines": each("<p>{} {}</p>", 300),
    "short lines": each("<p>{} {}</p>", 120),
    "words": each("<p>{} {}</p>", 30),
    "headings": each("<h2>{} {}</h2><p>Jane Doe</p>", 60),
    "cards": each("<div><h3>Jane Doe{1}</h3><p>{0}</p></div>", 60),
    "inline": each("<b>{}</b> {}", 30),
    "cells": each("<tr><td>Jane Doe{1}<td>{0}</tr>", 60),
    "many links": each('<a href="/{0}{1}">{0}</a><a href="mailto:{0}{1}">x</a>', 100),
    "many attributes": each('<div style="{0}" class="{0}" onclick="{0}">{1}</div><img alt="{0}">', 100),
    "items": each('<div itemscope itemtype="https://schema.org/Person"><i itemprop=name>{0}<i itemprop="{0}">{1}', 60),
}
"""The page gets it in many pieces: what is read line by line must not be slow at one line either."""

_NORMALIZERS: tuple[Reader, ...] = (
    *(normalize.email, normalize.url, normalize.domain, normalize.own_domain, normalize.site),
    *(normalize.linkedin_person,),
    *(normalize.linkedin_company, country, normalize.number_range, normalize.postal_code),
    *(normalize.external_id,),
    *(phones.phone, cell_text.text, cell_numbers.read_range, headers.is_value, read_title, read_name, fold_header),
    *(concepts_of,),
)  # fmt: skip


def _cells(cells: list[str]) -> None:
    for cell in cells:
        for read in _NORMALIZERS:
            read(cell)
    profile(cells[:200])


def _csv(text: str) -> None:
    vote_delimiter(text)
    records = records_of(text, ",", 60)
    find_header(records)
    if records:
        mapping = map_columns(records[0][:40], records[1:])
        read = row_reader(mapping, default_country="US")
        for record in records[1:]:
            read(record)


def _header(text: str) -> None:
    map_columns([text], [["a"]])
    map_columns(pieces(text, 1_000), [["a"]])


_SLOTS = [
    meetings.Span(start, start + timedelta(minutes=30))
    for start in (datetime(2026, 12, day, 9, tzinfo=UTC) for day in (1, 2, 3))
]


def _reply(text: str) -> None:
    opt_out.is_opt_out(opt_out.said_themselves(text))
    reply_reading.read_reply(text, _SLOTS, zone="Europe/Berlin", names=["Ada Byron"], ours="Slot 1, Monday at 10:00")
    reply_reading.read_reply("slot 2", _SLOTS, zone="Europe/Berlin", ours=text)
    conversation.read_intent(text, DEFAULT)
    conversation.finished_sentences(text)


def _research(text: str) -> None:
    markets.numbers_in(text)
    markets.carries_address(text)
    markets.sentences(markets.without_orders(text))


def _model_answer(text: str) -> None:
    schema: Schema = {"title": "Answer", "type": "object"}
    for answer in (text, f"Here it is:\n{text}", f"```json\n{text}"):
        try:
            read_value(schema, AIMessage(answer))
        except MalformedAnswer:
            continue
    proposals.checked_opening(text, {"lead.company_name": text})
    campaigns.problems_of_body(text, "an offer")
    campaigns.problems_of_subject(text, "an offer")
    model_assessment.on_one_line(text)
    readings = [text_readings.FieldReading(field="city", value=text[:300], quote=text[:900])]
    text_readings.checked_readings(readings, [(SITE, f"{text[:12_000]}a")], {"city"})


def _paragraphs(text: str) -> None:
    name = read_name("Jane Doe")
    assert name is not None
    for paragraph in pieces(text, 2_000):
        prose.statements(paragraph)
        prose.own_statement(paragraph, name)


def _robots(text: str) -> None:
    address = f"https://example.com/{text[:2_000]}"
    for rules in (
        text,
        f"User-agent: *\nDisallow: {text}",
        f"User-agent: {text}",
        "User-agent: *\n" + "\n".join(f"Disallow: /{piece}" for piece in pieces(text, 60)),
    ):
        Robots(rules, "sales-agent").decide(address)


TEXT_READERS: dict[str, Reader] = {
    "robots.txt": _robots,
    "sitemap": lambda text: sitemap_addresses(f"<urlset>{text}"),
    "charset": lambda text: decode(text.encode(), text),
    "sentences": _paragraphs,
    "contact details": lambda text: contacts.details([], [text]),
    "postal addresses": lambda text: (read_addresses(text.split("\n")), read_addresses(pieces(text, 199))),
    "one cell": lambda text: _cells([text]),
    "cells of 1,000": lambda text: _cells(pieces(text, 1_000)),
    "cells of 60": lambda text: _cells(pieces(text, 60)),
    "CSV file": _csv,
    "CSV header": _header,
    "reply": _reply,
    "research": _research,
    "model answer": _model_answer,
    "fact": lambda text: (criteria.words_of(text), proposals.company({"lead.company_name": text})),
}  # fmt: skip


class TooSlow(BaseException):
    """A reader used up its time; not an `Exception`, for those a reader may take for a fault of the page."""


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlow


def processor_seconds(read: Reader, text: str, most: float) -> float:
    """Measure a reader, with nothing remembered from before; infinite where it takes more than `most`."""
    for remembered in _memories():
        remembered.cache_clear()
    before = signal.signal(signal.SIGPROF, _stop)
    started = time.process_time()
    try:
        gc.disable()
        signal.setitimer(signal.ITIMER_PROF, most)
        read(text)
        return time.process_time() - started
    except TooSlow:
        return float("inf")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        gc.enable()
        signal.signal(signal.SIGPROF, before)


@functools.cache
def _memories() -> list["functools._lru_cache_wrapper[object]"]:
    """All bounded caches of the readers; what is kept without bound is made once and does not depend on texts."""
    found = (one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper))
    return [one for one in found if one.__module__.startswith("core.") and one.cache_parameters()["maxsize"]]


def healthy_page(size: int) -> str:
    """Write a page of so many characters about a company's people, each with a title and what they do."""
    given, family = ("Jane", "Max", "Maria", "John"), ("Doe", "Roe", "Poe", "Loe", "Noe")
    titles = ("Chief Financial Officer", "Head of Sales", "Founder & CEO", "Vice President, Operations")
    cards: list[str] = []
    for number in count():
        name = f"{given[number % 4]} {family[number % 5]}{_letters(number)}"
        cards.append(
            f"<div><h3>{name}</h3><p>{titles[number % 4]}</p><p>{name} joined the company in 20{number % 100:02}, has "
            f"led its team since, and is responsible for plant {number} of our group.</p>"
            f"<a href='mailto:{_letters(number)}@acme-looms.example'>Write to them</a></div>"
        )
        if number * len(cards[0]) > size:
            break
    return "".join(cards)[:size]
