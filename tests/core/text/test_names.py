import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.names import read_name, same_person

GIVEN = ["Orla", "Tobias", "Frauke", "Baptiste", "Ximena", "Joost", "Élodie", "Mark", "Grace"]
FAMILY = ["Fenwick", "Ryland", "Löffler", "Lefort", "Quiroga", "van der Linde", "D'Amico", "McCrae", "Green"]


@pytest.mark.parametrize(
    ("text", "given_name", "family"),
    [
        ("Orla Fenwick", "Orla", "Fenwick"),
        ("Dr. Nils P. Ekström, Ph.D., MBA", "Nils P.", "Ekström"),
        ("BARRAULT Élise", "Élise", "Barrault"),
        ("Élise BARRAULT", "Élise", "Barrault"),
        ("PAULA D'AMICO", "Paula", "D'Amico"),
        ("Siddiqui, Imran", "Imran", "Siddiqui"),
        ("van der Linde, Maaike", "Maaike", "van der Linde"),
        ("R. J. van der Meulen", "R. J.", "van der Meulen"),
        ("Frau Dr. Annegret Vogt", "Annegret", "Vogt"),
        ("Robert Tull Jr.", "Robert", "Tull"),
        ("Hon Wei Tan", "Hon Wei", "Tan"),
        ("Ned Baker", "Ned", "Baker"),
        ("Peter Stone", "Peter", "Stone"),
        ("Bette Ransome (she/her)", "Bette", "Ransome"),
    ],
)
def test_a_name_is_parsed(text, given_name, family):
    name = read_name(text)
    assert name is not None
    assert (name.given, name.family) == (given_name, family)


def test_a_nickname_is_kept_apart():
    name = read_name('Amara "Mimi" Nwosu')
    assert name is not None
    assert (name.text, name.nickname) == ("Amara Nwosu", "Mimi")


NOT_NAMES = """
Our Team | Contact Us | Learn More | Case Studies | New York | Solar Solutions | Project Manager
Message From The CEO | Senior Carpenter | orla fenwick | Orla | Orla Fenwick is here | info@example.com
Fenwick & Sons | Unser Team | Over Ons | Notre Équipe | Nuestro Equipo | Chi Siamo | Orla FenwickCEO
Brightwell Ltd | Managing Director | Call 555 010 | Orla Fenwick (CEO) | Read more… | McAllister. Previously
"""


@pytest.mark.parametrize("text", [text.strip() for text in re.split(r"[|\n]", NOT_NAMES) if text.strip()])
def test_what_is_not_a_name(text):
    assert read_name(text) is None


@given(st.sampled_from(GIVEN), st.sampled_from(FAMILY))
def test_spellings_of_one_name_share_a_key(given_name, family):
    plain = read_name(f"{given_name} {family}")
    assert plain is not None
    spellings = [
        f"{given_name} {family}".upper(),
        f"Dr. {given_name} {family}",
        f"{given_name} {family}, PhD",
        f"{given_name} K. {family}",
    ]
    assert all((name := read_name(text)) is not None and name.key == plain.key for text in spellings)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("J. Fenwick", "John Fenwick", True),
        ("Rob Tull", "Robert Tull", True),
        ("John Fenwick", "Jane Fenwick", False),
        ("Orla Fenwick", "Orla Ryland", False),
        ("José María Pérez", "Jose Perez", True),
        ("Robin (Bo) Lund", "Bo Lund", True),
    ],
)
def test_who_can_be_one_person(one, other, same):
    first, second = read_name(one), read_name(other)
    assert first is not None
    assert second is not None
    assert same_person(first, second) is same
    assert same_person(second, first) is same


@given(st.text(max_size=80))
def test_any_text_is_read_without_an_error(text):
    name = read_name(text)
    assert name is None or (name.text and name.family)
