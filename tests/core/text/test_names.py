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


@pytest.mark.parametrize(
    ("text", "name", "family"),
    [
        ("Linh Le", "Linh Le", "Le"),
        ("Thanh Do", "Thanh Do", "Do"),
        ("Mei An", "Mei An", "An"),
        ("Kari Ås", "Kari Ås", "Ås"),
        ("ÔNG LÊ VĂN ĐỘ", "Lê Văn Độ", "Độ"),
        ("ABM Karim Hasan", "ABM Karim Hasan", "Hasan"),
        ("KIM Jae Won", "Jae Won Kim", "Kim"),
        ("Mr. E. Todd Rowan", "E. Todd Rowan", "Rowan"),
        ("MR. JANE Q. DOE", "Jane Q. Doe", "Doe"),
        ("山田太郎", "山田太郎", "山田"),
        ("佐々木 希", "佐々木 希", "佐々木"),
        ("王小明", "王小明", "王"),
        ("欧阳娜娜", "欧阳娜娜", "欧阳"),
        ("李明先生", "李明", "李"),
        ("김철수", "김철수", "김"),
        ("박지성 님", "박지성", "박"),
        ("Иван Петров", "Иван Петров", "Петров"),
    ],
)
def test_names_of_other_languages(text, name, family):
    read = read_name(text)
    assert read is not None
    assert (read.text, read.family) == (name, family)


@pytest.mark.parametrize(
    "text",
    ["Sign In", "Skip To", "Things To Do", "Brightwell Ltd", "高级经理", "产品中心", "会社概要", "社長", "营销总监",
     "王",
     "홍보 담당", "서비스 소개", "Thông Tin Liên Hệ", "O Nas", "林さん"],
)  # fmt: skip
def test_headings_of_other_languages_are_no_names(text):
    assert read_name(text) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("E. Todd Rowan", "Todd Rowan", True), ("AKM Adib Khan", "Adib Khan", True), ("Ann Rowan", "Todd Rowan", False)],
)  # fmt: skip
def test_given_names_left_out_do_not_make_another_person(one, other, same):
    assert same_person(read_name(one), read_name(other)) is same
