"""People in structured data: those who belong to the organisation, with their addresses, in each of its spellings."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from core.discovery.structured import MAX_PEOPLE, structured_people

ORLA = {"@type": "Person", "name": "Orla Fenwick", "jobTitle": "CEO"}


def people(markup):
    return structured_people(html.document_fromstring(f"<html><body>{markup}</body></html>"))


def linked(data):
    return people(f"<script type='application/ld+json'>{json.dumps(data)}</script>")


def told(found):
    return [(person.name.text, person.title, person.relation) for person in found]


@pytest.mark.parametrize(
    ("data", "relation"),
    [
        (ORLA, ""),
        ([ORLA], ""),
        ({"@graph": [ORLA]}, ""),
        ({"@type": "Organization", "employee": ORLA}, "employee"),
        ({"@type": "Organization", "founder": [ORLA]}, "founder"),
        ({"@type": "WebPage", "mainEntity": {"@type": "Organization", "member": ORLA}}, "member"),
        ({"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": ORLA}]}, ""),
        (ORLA | {"@type": ["Thing", "http://schema.org/Person"]}, ""),
        ({"employee": {"name": "Orla Fenwick", "jobTitle": "CEO"}}, "employee"),
    ],
)
def test_people_of_linked_data(data, relation):
    assert told(linked(data)) == [("Orla Fenwick", "CEO", relation)]


@pytest.mark.parametrize(
    "data",
    [
        {"@type": "Article", "author": ORLA},
        {"@type": "Review", "reviewer": ORLA},
        {"@type": "Event", "performer": ORLA},
        ORLA | {"name": "Acme Looms Ltd"},
        ORLA | {"@type": "Organization"},
        {"name": "Orla Fenwick"},
        "Orla Fenwick",
        7,
        None,
    ],
)
def test_who_is_not_the_companys(data):
    assert linked(data) == []


def test_addresses_organisation_and_evidence():
    (orla,) = linked(
        ORLA
        | {
            "name": None,
            "givenName": "Orla",
            "familyName": "Fenwick",
            "sameAs": ["https://x.example/orla", "https://uk.linkedin.com/in/orla-fenwick"],
            "email": "mailto:Orla@acme.example",
            "telephone": "+44 20 7946 0000",
            "worksFor": {"@type": "Organization", "name": "Acme"},
            "jobTitle": ["CEO", "Founder"],
        }
    )
    assert (orla.name.text, orla.title, orla.organisation) == ("Orla Fenwick", "CEO, Founder", "Acme")
    assert orla.contact.linkedin_url == "https://www.linkedin.com/in/orla-fenwick"
    assert (orla.contact.email, orla.contact.phone) == ("orla@acme.example", "+44 20 7946 0000")
    assert orla.evidence == "Orla Fenwick: CEO, Founder"
    (shared,) = linked(ORLA | {"email": "info@acme.example"})
    assert shared.contact.email is None


def test_broken_and_wrapped_scripts():
    text = json.dumps(ORLA)
    assert told(people(f"<script type='application/ld+json'><!-- {text} --></script>")) == [("Orla Fenwick", "CEO", "")]
    assert people("<script type='application/ld+json'>{\"@type\": </script>") == []
    assert people(f"<script type='application/json'>{text}</script>") == []


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (
            "<div itemscope itemtype='https://schema.org/Person'><b itemprop=name>Orla Fenwick</b>"
            "<i itemprop=jobTitle>CEO</i></div>",
            [("Orla Fenwick", "CEO", "")],
        ),
        (
            "<div vocab='http://schema.org/' typeof='Person'><b property='schema:name'>Orla Fenwick</b>"
            "<i property='http://schema.org/jobTitle' content='CEO'>boss</i></div>",
            [("Orla Fenwick", "CEO", "")],
        ),
        (
            "<div itemscope itemtype='http://data-vocabulary.org/Person'><b itemprop=name>Orla Fenwick</b>"
            "<i itemprop=role>CEO</i></div>",
            [("Orla Fenwick", "CEO", "")],
        ),
        (
            "<p itemprop=employee itemscope itemtype='https://schema.org/Person'><b itemprop=name>Orla Fenwick</b></p>",
            [("Orla Fenwick", "", "employee")],
        ),
        (
            "<p itemprop=author itemscope itemtype='https://schema.org/Person'><b itemprop=name>Orla Fenwick</b></p>",
            [],
        ),
        (
            "<div itemscope itemtype='https://schema.org/Review'><div itemscope itemtype='https://schema.org/Person'>"
            "<b itemprop=name>Orla Fenwick</b></div></div>",
            [],
        ),
        ("<div itemscope itemtype='https://schema.org/Product'><b itemprop=name>Orla Fenwick</b></div>", []),
        ("<div typeof='PersonOrNot'><b property=name>Orla Fenwick</b></div>", []),
        (
            "<div class='vcard'><b class=fn>Orla Fenwick</b><i class=title>CEO</i><u class=org>Acme</u></div>",
            [("Orla Fenwick", "CEO", "")],
        ),
        (
            "<div class='h-card'><b class=p-name>Orla Fenwick</b><i class='x p-job-title'>CEO</i></div>",
            [("Orla Fenwick", "CEO", "")],
        ),
        ("<div class=vcard><b class=fn>Orla Fenwick</b></div>", []),
        ("<div class='vcard author'><b class=fn>Orla Fenwick</b><i class=title>CEO</i></div>", []),
        ("<article><div class=vcard><b class=fn>Orla Fenwick</b><i class=title>CEO</i></div></article>", []),
        ("<div class='h-entry'><p class=h-card><b class=p-name>Orla Fenwick</b><i class=p-role>CEO</i></p></div>", []),
    ],
)
def test_people_in_markup(markup, expected):
    assert told(people(markup)) == expected


def test_a_page_of_very_many_is_cut():
    assert len(linked([ORLA] * (MAX_PEOPLE + 50))) == MAX_PEOPLE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["Person", "Orla Fenwick"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["@type", "@graph", "name", "jobTitle", "employee", "sameAs", "email", "worksFor"]), inner
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_data_is_read_and_names_only_whom_it_names(data):
    assert {person.name.text for person in linked(data)} <= {"Orla Fenwick"}
