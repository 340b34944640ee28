import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.titles import ROLES, is_limited, read_title

HELD = {
    "CEO": [
        "CEO", "C.E.O.", "Chief Executive Officer (CEO)", "Founder & CEO", "CEO-Founder", "Co-CEO", "Interim Chief Executive",
        "Chairman & Chief Executive Officer", "President/CEO", "Executive Chairman and CEO", "Managing Director", "C.M.D", "Group CEO",
        "Geschäftsführer", "Geschäftsführer*in", "Geschäftsführende Gesellschafterin", "Kaufmännischer Geschäftsführer",
        "Geschäftsführer Technik und Vertrieb", "Gesellschafter-Geschäftsführer", "Vorsitzender der Geschäftsführung",
        "Directeur général", "Présidente-directrice générale", "gérant", "Dirigeant", "conseiller associé (gérant)",
        "Gerente General", "Directora General", "Consejera Delegada", "Presidente y Director General",
        "Diretora-Presidente", "Sócio-gerente", "Diretor Geral", "Amministratore delegato", "Presidente e Amministratore Delegato",
        "Algemeen directeur", "Directeur-eigenaar", "Zaakvoerder", "CEO since 2015", "Former CFO, now CEO", "CEO and Board Member",
    ],
    "COO": ["COO", "Chief Operations Officer", "President & Chief Operating Officer", "Chief Operating Officer and Co-founder"],
    "CFO": ["CFO", "Chief finance officer", "Chief Financial Officer, MBA", "Executive Vice President & CFO", "Directrice administrative et financière"],
    "CTO": ["CTO", "Chief Technical Officer", "Co-founder, CTO", "FOUNDER & CTO", "Chief Technology & Product Officer"],
    "VP Finance": [
        "VP Finance", "Vice President, Finance", "Head of Finance and People", "Finance Director", "Director of Finance & Administration",
        "Leiter Finanzen", "Leiterin Finanzen und Controlling", "Directeur financier", "Directora Financiera", "Diretor Financeiro",
        "Direttrice finanziaria", "Financieel directeur", "SVP Finance & Operations",
    ],
    "VP Operations": [
        "VP Operations", "VP, Operations", "V.P. of Operations", "Director of Operations", "Operations Director", "Head of Ops",
        "Senior Vice President of Global Operations", "Director of Sales and Operations", "Directora de Operaciones",
        "Direttore operativo", "Directeur des opérations", "Operationeel directeur", "VP Operations, EMEA",
    ],
}  # fmt: skip
NOT_HELD = [
    "President - Sales", "Assistant to the CFO", "Executive Assistant to the President & CEO", "VP Account Operations, US", "Regional VP of Operations",
    "Former CEO", "Ex-CEO", "CEO Emeritus", "CFO (2008 – 2017)", "Retired Chief Executive", "ehemaliger Geschäftsführer", "ancien directeur général",
    "Asst. Executive officer", "Deputy CEO", "Chief of Staff to the COO", "Chief Marketing Officer", "Chief Product & Technology Officer",
    "Operations Manager", "Finance Manager", "Strategy & Ops Lead", "VP Sales Operations", "Director of Technical Operations",
    "Directeur général adjoint", "Directrice générale adjointe", "Assistenz der Geschäftsführung", "Prokurist", "Non-Executive Director", "Fractional CFO",
    "Geschäftsführer (m/w/d)", "Message from the CEO", "Office of the CEO", "Engineer", "Board of Directors", "Director", "",
]  # fmt: skip


@pytest.mark.parametrize(("role", "title"), [(role, title) for role, titles in HELD.items() for title in titles])
def test_a_title_gives_its_role(role, title):
    assert read_title(title).role == role


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
