"""Whose a detail is: called after them, somebody else's, the company's."""

import pytest

from core.discovery.company import Company, of_site
from core.discovery.detail_reasons import DetailHolder, as_json
from core.discovery.document import parse
from core.discovery.extraction import extract
from core.discovery.person_details import plain_email_text
from core.discovery.site_people import merge
from core.text.names import read_name

SITE = "https://acme.example/team"


def owner(name="Orla Fenwick", others=("Ned Orr",), boxes=False, numbers=True):
    company = Company(frozenset({"acme"}), "acme")
    return DetailHolder(
        read_name(name), [read_name(other) for other in others], company, "acme.example", boxes, numbers
    )


@pytest.mark.parametrize(
    ("address", "confidence"),
    [
        ("orla.fenwick@acme.example", 0.97),
        ("orla@acme.example", 0.97),
        ("ofenwick@acme.example", 0.97),
        ("of@acme.example", 0.9),
        ("orla@gmail.com", 0.97),
        ("orla@elsewhere.example", 0.7),
        ("ned.orr@acme.example", None),
        ("studio@acme.example", None),
        ("x17@elsewhere.example", None),
    ],
)
def test_an_address_is_theirs_by_what_it_is_called(address, confidence):
    reason = owner().email(address)
    assert (reason and reason.confidence) == confidence


@pytest.mark.parametrize(
    ("profile", "is_theirs"),
    [
        ("https://www.linkedin.com/in/orla-fenwick-1a2b", True),
        ("https://www.linkedin.com/in/ofenwick", True),
        ("https://www.linkedin.com/in/ned-orr", False),
        ("https://www.linkedin.com/in/somebody-else-99", False),
        ("https://www.linkedin.com/in/beekeeper", True),
    ],
)
def test_a_profile_of_somebody_else_is_not_theirs(profile, is_theirs):
    assert (owner().linkedin(profile) is not None) is is_theirs


def test_a_name_in_other_letters_is_compared_with_nothing():
    assert owner("Иван Петров").linkedin("https://www.linkedin.com/in/ivan-petrov") is not None


def person(card, name, foot="", more=""):
    page = f"<title>Acme</title><main><h1>Team</h1><div><h3>{name}</h3><p>CEO</p>{card}</div>{more}</main>"
    page += f"<footer>{foot}</footer>"
    document = parse(page)
    (found,) = merge([extract(document, SITE, of_site([(SITE, document)]))]).atl
    return found


def test_what_the_foot_and_other_cards_show_is_the_companys():
    number = "<p>T +49 30 1234567</p>"
    other = f"<div><h3>Ned Orr</h3><p>Engineer</p>{number}<p>hello@acme.example</p></div>"
    assert person(number, "Orla Fenwick").phone == "+49301234567"
    assert person(number, "Orla Fenwick", foot=number).phone is None
    assert person(number + "<p>hello@acme.example</p>", "Orla Fenwick", more=other).phone is None
    assert person("<p>hello@acme.example</p>", "Orla Fenwick", more=other).email is None


def test_each_detail_says_how_sure_it_is_and_why():
    found = person("<p>orla@acme.example</p><p>+49 30 1234567</p>", "Orla Fenwick")
    reasons = as_json(found.reasons)
    assert set(reasons) == {"email", "phone"}
    assert reasons["email"] == {"confidence": 0.97, "why": "it is called after them"}
    assert reasons["phone"]["confidence"] == 0.9


@pytest.mark.parametrize("box", ["orla.fenwick", "orla"])
@pytest.mark.parametrize(
    "protected",
    [
        "<span style='unicode-bidi:bidi-override;direction:rtl'>{backwards}</span>",
        "<bdo dir=rtl>{backwards}</bdo>",
        "<span class=reversed>{backwards}</span>",
        "<p>{box}(at)NOSPAM.acme(dot)example</p>",
        "<p>{box}@acme.REMOVETHIS.example</p>",
        "<p>{box}.no-spam@acme.example</p>",
        "<p>NOSPAM{box}@acme.example</p>",
        "<p>{box}-at-acme.example</p>",
        "<p>{box}＠acme．example</p>",
        "<span data-user='{box}' data-domain='acme.example'>write</span>",
        "<a data-name='{box}' data-domain='acme' data-tld='example' href='#'>write</a>",
        "<a data-email='{box}@acme.example'></a>",
        "<a data-mail='{backwards}'></a>",
    ],
)
def test_a_protected_address_is_right(protected, box):
    written = f"{box}@acme.example"
    found = person(protected.format(box=box, backwards=written[::-1]), "Orla Fenwick")
    assert found.email == written


@pytest.mark.parametrize(
    "card", ["<p>elpmaxe.emca@ohcaj</p>", "<p>look-at-this.example</p>", "<p>xyz@nospam.example</p>"]
)
def test_what_cannot_be_made_plain_is_none(card):
    assert person(card, "Orla Fenwick").email is None


def test_a_word_that_is_no_marker_stays():
    assert plain_email_text("anna.spammer@acme.example") == "anna.spammer@acme.example"
