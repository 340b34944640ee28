import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.titles import ROLES, fold, is_limited, may_hold_title, read_title

TITLES = json.loads((Path(__file__).parents[2] / "data" / "titles.json").read_text())
NOT_HELD = TITLES.pop("none")
HELD = TITLES


@pytest.mark.parametrize(("role", "title"), [(role, title) for role, titles in HELD.items() for title in titles])
def test_a_title_gives_its_role(role, title):
    assert read_title(title).role == role
    assert may_hold_title(title)


@pytest.mark.parametrize("title", NOT_HELD)
def test_a_near_title_gives_no_role(title):
    assert read_title(title).role is None


@pytest.mark.parametrize(
    "title",
    [
        "Founder",
        "Owner",
        "Owner/Operator",
        "Inhaber",
        "Co-Founder & Chairman",
        "Titolare",
        "Mede-eigenaar",
        "Managing Partner",
    ],
)
def test_owners_are_marked(title):
    assert read_title(title).is_owner_like
    assert read_title(title).role is None


@pytest.mark.parametrize(
    ("title", "place"),
    [
        ("CEO of Othercompany", "othercompany"),
        ("CEO, Fenland Capital", "fenland capital"),
        ("President - Sales", "sales"),
    ],
)
def test_where_a_post_is_held_is_kept(title, place):
    assert read_title(title).place == place


def test_small_words_after_a_comma_are_no_organisation():
    assert read_title("CEO, keeper of the coffee").place is None


def test_a_president_is_marked_and_a_vice_president_is_not():
    assert read_title("President").is_president
    assert read_title("Founder & President").is_president
    assert not read_title("Vice President").is_president


def test_regions_and_fields_limit_a_title():
    assert is_limited("North America")
    assert is_limited("Sales")
    assert not is_limited("Fenland Bakery")


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text):
    title = read_title(text)
    assert title.role is None or title.role in ROLES


@given(st.sampled_from([(role, title) for role, titles in HELD.items() for title in titles if title.isascii()]))
def test_capitals_and_outer_space_change_nothing(case):
    role, title = case
    assert read_title(f"  {title.upper()} ").role == role
    assert read_title(title.lower()).role == role


@given(
    st.sampled_from([title for titles in HELD.values() for title in titles]),
    st.sampled_from(["Former", "Assistant to the", "Deputy", "Ex"]),
)
def test_a_post_served_or_left_is_not_held(title, before):
    assert read_title(f"{before} {title}").role is None or " now " in title


@pytest.mark.parametrize("letter", "ßøæłđéñç")
def test_capitals_fold_as_small_letters_do(letter: str) -> None:
    capital = "ẞ" if letter == "ß" else letter.upper()
    assert fold(f"{capital}x") == fold(f"{letter}x")
    assert fold(fold(f"{capital}x")) == fold(f"{capital}x")
    assert fold(f"{capital}x").isascii()


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("Ag. CEO", "CEO"), ("Actg. Managing Director", "CEO"), ("Cheif Executive Officer", "CEO"),
        ("Chief Finacial Officer", "CFO"), ("Manging Director", "CEO"), ("CEO-elect", None), ("CEO Designate", None),
        ("CEO (Designate)", None), ("Incoming CFO", None), ("CEO (Retd.)", None), ("CEO, retired", None),
        ("Prezes i założyciel Fundacji", "CEO"), ("jednatel společnosti", "CEO"), ("Ügyvezető igazgató", "CEO"),
        ("Genel Müdür", "CEO"), ("Genel Müdür Yardımcısı", None), ("Генеральный директор", "CEO"),
        ("Заместитель генерального директора", None), ("генеральний директор", "CEO"), ("Διευθύνων Σύμβουλος", "CEO"),
        ("代表取締役社長", "CEO"), ("代表取締役兼CTO", "CEO"), ("总经理", "CEO"), ("副总经理", None),
        ("대표이사", "CEO"),
        ("Giám đốc", "CEO"), ("Phó giám đốc", None), ("Direktur Utama", "CEO"), ("Administrator", None),
        ("Office Administrator", None), ("Deputy Cheif Executive Officer", None),
    ],
)  # fmt: skip
def test_titles_of_other_languages_and_spellings(text, role):
    assert read_title(text).role == role


@pytest.mark.parametrize("text", ["Właściciel", "Majitel", "Tulajdonos", "Ejer", "Владелец", "オーナー", "创始人"])
def test_owners_of_other_languages(text):
    assert read_title(text).is_owner_like
