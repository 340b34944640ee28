"""A model's reading counts only where it stands in the text."""

from hypothesis import given
from hypothesis import strategies as st

from core.enrichment.text_readings import FieldReading, checked_readings, fence

TEXT = "Acme Tools builds saws. We are 150 people in Leeds.\nCall +44 113 555 0199, or write to hello@acme.example."
PAGES = [("https://acme.example/", "Welcome"), ("https://acme.example/about", TEXT)]
WANTED = {"industry", "company_size", "city", "company_phone", "company_email", "country", "company_description"}


def read(field: str, value: str, quote: str) -> tuple[dict[str, str], list[str]]:
    draft = FieldReading(field=field, value=value, quote=quote)  # type: ignore[arg-type]
    found, refused = checked_readings([draft], PAGES, WANTED)
    assert all(one.source_url == "https://acme.example/about" for one in found)
    return {one.field: one.value for one in found}, refused


def test_what_stands_there_counts_with_its_page() -> None:
    assert read("company_size", "150", "we are  150 people") == ({"company_size": "150"}, [])
    assert read("company_phone", "+44 113 555 0199", "Call +44 113 555 0199") == (
        {"company_phone": "+441135550199"},
        [],
    )
    assert read("company_email", "hello@acme.example", "write to hello@acme.example") == (
        {"company_email": "hello@acme.example"}, [],
    )  # fmt: skip


def test_what_does_not_stand_there_is_refused_with_a_reason() -> None:
    assert read("company_size", "200", "we are 150 people")[1] == ["the value of company_size is not in its quote"]
    assert read("company_size", "15", "we are 150 people")[1] == ["the value of company_size is not in its quote"]
    assert read("industry", "tools", "a maker of tools")[1] == ["the quote for industry is not in the text"]
    assert read("street", "saws", "builds saws")[1] == ["street was not asked for"]
    assert read("industry", "", "builds saws")[1] == ["the value of industry is not in its quote"]


def test_a_value_of_the_wrong_kind_is_left_out() -> None:
    assert read("company_size", "people", "150 people") == ({}, [])
    assert read("country", "Leeds", "in Leeds") == ({}, [])


@given(st.text(max_size=40), st.text(max_size=60), st.sampled_from(sorted(WANTED)))
def test_nothing_is_ever_invented(value: str, quote: str, field: str) -> None:
    found, _ = read(field, value, quote)
    if field in ("city", "industry", "company_description"):
        assert all(" ".join(one.casefold().split()) in " ".join(TEXT.casefold().split()) for one in found.values())


@given(st.text(alphabet="0123456789abcdef", max_size=200))
def test_the_fence_does_not_stand_in_the_text(text: str) -> None:
    assert fence(text) not in text
