"""Reasons against somebody being an executive of this company, now."""

from dataclasses import replace

import pytest

from core.discovery import executives
from core.discovery.company import Company
from core.discovery.document import parse
from core.discovery.mentions import Doubt, ExtractionMethod, Mention, PageKind
from core.text.names import read_name
from core.text.titles import read_title

ACME = Company(frozenset({"acme looms"}), "acmelooms")


@pytest.mark.parametrize(
    ("headings", "doubt"),
    [
        (("Our team",), None),
        (("Leadership", "Advisory Board"), Doubt.ADVISER),
        (("Board of Directors",), Doubt.BOARD),
        (("What our clients say",), Doubt.CUSTOMER),
        (("Kundenstimmen",), Doubt.CUSTOMER),
        (("Former presidents",), Doubt.PAST),
        (("Our investors",), Doubt.ADVISER),
        (("Testimonials", "Our team"), None),  # the nearer heading counts
        (("Our team", "Testimonials"), Doubt.CUSTOMER),
        (("Pumps",), None),
        ((), None),
        (("Testimonials " + "of very many people " * 6,), None),  # a paragraph is no heading
    ],
)
def test_headings_above(headings, doubt):
    assert executives.section_doubt(headings) is doubt
    assert not (doubt and executives.is_own_section(headings))


@pytest.mark.parametrize("heading", ["Our team", "Leadership", "Meet the management", "Unser Team", "Notre équipe"])
def test_headings_that_announce_the_companys_own_people(heading):
    assert executives.is_own_section((heading,))
    assert executives.is_own_section(("Welcome", heading, "Linz"))


@pytest.mark.parametrize("heading", ["The platform for your team and all of its many people", "Pumps", "News"])
def test_headings_that_announce_nobody(heading):
    assert not executives.is_own_section((heading,))


@pytest.mark.parametrize(
    ("text", "announces"),
    [("Our team", True), ("Meet the founders:", True), ("Our team is the best of all", False), ("Pumps", False)],
)
def test_lines_that_are_an_announcement(text, announces):
    assert executives.announces_people(text) is announces


@pytest.mark.parametrize(
    ("name", "text", "stand_in"),
    [
        ("Max Mustermann", "", True),
        ("JANE DOE", "", True),
        ("Orla Fenwick", "Lorem ipsum dolor sit amet", True),
        ("Orla Fenwick", "builds looms", False),
    ],
)
def test_templates_fillings(name, text, stand_in):
    assert executives.is_stand_in(name, text) is stand_in


@pytest.mark.parametrize(
    ("title", "doubts"),
    [
        ("CEO", set()),
        ("CEO of Acme Looms", set()),
        ("CEO of Heron Works", {Doubt.ELSEWHERE}),
        ("Former CEO", {Doubt.PAST}),
        ("CEO, Asia Pacific", {Doubt.LIMITED}),
        ("CEO of Capital Bank", {Doubt.ELSEWHERE}),
    ],
)
def test_titles_by_themselves(title, doubts):
    assert executives.title_doubts(read_title(title), ACME) == doubts


def around(markup, *, kind=PageKind.OTHER, own_section=False, line=0, title_line=1):
    document = parse(markup)
    return executives.surroundings_doubts(
        document,
        line,
        title_line,
        0,
        len(document.lines),
        kind=kind,
        own_section=own_section,
        others=executives.lines_of_others(document, ACME),
    )


def test_what_stands_around_a_person():
    plain = "<p>Orla Fenwick</p><p>CEO</p>"
    assert around(plain) == set()
    assert Doubt.PLACEHOLDER in around(plain + "<p>Lorem ipsum dolor sit amet</p>")
    assert Doubt.CUSTOMER in around("<blockquote><p>Orla Fenwick</p><p>CEO</p></blockquote>")
    assert Doubt.CUSTOMER in around("<p>— Orla Fenwick</p><p>CEO</p>")
    assert Doubt.CUSTOMER in around("<div itemtype='https://schema.org/Review'><p>Orla Fenwick</p><p>CEO</p></div>")
    assert Doubt.PAST in around(plain + "<p>† 2019</p>")
    assert around("<p>— Orla Fenwick</p><p>CEO</p>", kind=PageKind.IMPRINT) == set()


def test_another_organisation_beside_the_title():
    markup = "<p>Orla Fenwick</p><p>Heron Works Ltd</p><p>CEO</p>"
    assert executives.lines_of_others(parse(markup), ACME) == [1]
    assert Doubt.ELSEWHERE in around(markup, title_line=2)
    assert executives.lines_of_others(parse("<p>Acme Looms Ltd</p><p>We love Heron Works Ltd.</p>"), ACME) == []


def mention(name, title, *doubts):
    return Mention(read_name(name), read_title(title), ExtractionMethod.CARD, 0, name, doubts=frozenset(doubts))


NAMES = [
    f"{given} {family}"
    for given in ("Orla", "Tobias", "Ines", "Bruno")
    for family in ("Fenwick", "Ryland", "Varga", "Keller")
]


def test_many_of_one_top_role_are_a_directory():
    few = [mention(name, "CEO") for name in NAMES[:12]]
    assert executives.doubting_directories(few) == few
    engineer = mention("Nora Lind", "Engineer")
    many = [mention(name, "CEO") for name in NAMES[:13]]
    doubted = executives.doubting_directories([*many, engineer])
    assert [each.doubts for each in doubted] == [frozenset({Doubt.DIRECTORY})] * 13 + [frozenset()]
    same = [mention(NAMES[0], "CEO")] * 20
    assert executives.doubting_directories(same) == same
    already = [replace(each, doubts=frozenset({Doubt.PAST})) for each in many]
    assert executives.doubting_directories(already) == already


def test_physicians_are_told_by_their_number():
    one = [mention(NAMES[0], "MD")]
    assert executives.doubting_directories(one) == one
    two = executives.doubting_directories(
        [mention(NAMES[0], "M.D."), mention(NAMES[1], "MD"), mention(NAMES[2], "CFO")]
    )
    assert [Doubt.DIRECTORY in each.doubts for each in two] == [True, True, False]
