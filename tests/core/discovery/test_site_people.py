"""From mentions on pages to people: one entry a person, the best page kept, no role for who is doubted."""

from hypothesis import given
from hypothesis import strategies as st

from core.discovery.mentions import Doubt, ExtractionMethod, Mention, PageFindings, PageKind
from core.discovery.person_details import ContactDetails
from core.discovery.site_people import merge, why_nobody
from core.text.names import read_name
from core.text.titles import ROLES, read_title

NAMES = ("Orla Fenwick", "Tobias Ryland", "Dr. Orla M. Fenwick", "Ines Varga", "Bruno Keller")
TITLES = ("CEO", "Chief Financial Officer", "Founder", "President", "Engineer", "VP Operations")


def mention(name, title, *doubts, found=ExtractionMethod.CARD, contact=None):
    details = contact or ContactDetails()
    return Mention(
        read_name(name), read_title(title), found, 0, f"{name}: {title}", contact=details, doubts=frozenset(doubts)
    )


def page(*mentions, url="https://acme.example/team", kind=PageKind.PEOPLE, without=()):
    return PageFindings(url, kind, mentions, without)


MENTIONS = st.builds(
    mention,
    st.sampled_from(NAMES),
    st.sampled_from(TITLES),
    found=st.sampled_from(ExtractionMethod),
)
DOUBTED = st.builds(mention, st.sampled_from(NAMES), st.sampled_from(TITLES), st.sampled_from(Doubt))
PAGES = st.lists(
    st.builds(
        lambda mentions, kind, number: page(*mentions, url=f"https://acme.example/{number}", kind=kind),
        st.lists(MENTIONS | DOUBTED, max_size=5),
        st.sampled_from(PageKind),
        st.integers(0, 3),
    ),
    max_size=4,
)


@given(PAGES)
def test_everybody_is_there_once_and_nobody_else(pages):
    people = merge(pages)
    everybody = [*people.atl, *people.others]
    told = {each.name.family for found in pages for each in found.mentions}
    assert {read_name(person.name).family for person in everybody} == told
    assert len(everybody) == len(told)  # the names above differ in their family names, or are one person's
    assert all(person.role in ROLES and not person.doubts for person in people.atl)
    assert all(person.role is None for person in people.others)
    order = [ROLES.index(person.role) for person in people.atl]
    assert order == sorted(order)
    assert (why_nobody(pages, people) is None) == bool(people.atl)
    urls = {found.url for found in pages}
    assert all(person.source_url in urls and 0 < person.confidence < 1 for person in everybody)


def test_the_better_page_is_kept_and_details_are_gathered():
    story = page(
        mention("Orla Fenwick", "CEO", found=ExtractionMethod.PROSE, contact=ContactDetails(phone="+441234567")),
        url="https://acme.example/news",
        kind=PageKind.STORY,
    )
    team = page(mention("Orla M. Fenwick", "CEO", contact=ContactDetails(email="orla@acme.example")))
    (orla,) = merge([story, team]).atl
    assert orla.source_url == "https://acme.example/team"
    assert (orla.email, orla.phone) == ("orla@acme.example", "+441234567")
    assert orla.name == "Orla M. Fenwick"
    assert orla.confidence > merge([team]).atl[0].confidence


def test_a_mention_without_doubt_outweighs_doubted_ones():
    people = merge([page(mention("Orla Fenwick", "CEO", Doubt.CUSTOMER), mention("Orla Fenwick", "CEO"))])
    assert [(person.name, person.role) for person in people.atl] == [("Orla Fenwick", "CEO")]
    (doubted,) = merge([page(mention("Orla Fenwick", "CEO", Doubt.CUSTOMER))]).others
    assert (doubted.role, doubted.doubts) == (None, (Doubt.CUSTOMER.value,))


def test_a_president_is_the_ceo_where_nobody_else_is():
    president, ceo = mention("Ines Varga", "President"), mention("Bruno Keller", "CEO")
    assert [(person.name, person.role) for person in merge([page(president)]).atl] == [("Ines Varga", "CEO")]
    assert [person.name for person in merge([page(president, ceo)]).atl] == ["Bruno Keller"]
    many = [mention(name, "President") for name in ("Ines Varga", "Bruno Keller", "Orla Fenwick")]
    assert merge([page(*many)]).atl == ()


def test_why_nobody_says_what_stood_there():
    def why(*pages):
        return why_nobody(pages, merge(pages))

    assert "more people with one top role" in why(page(mention("Ines Varga", "CEO", Doubt.DIRECTORY)))
    assert why(page(mention("Ines Varga", "Founder"))).startswith("owners named, nobody with a title: 1 ")
    assert "none of them an executive" in why(page(mention("Ines Varga", "Engineer")))
    assert "without titles" in why(page(without=("Ines Varga",)))
    assert "names nobody with a title" in why(page())
    assert why(page(kind=PageKind.OTHER)) == "no page of this site names people with titles"
