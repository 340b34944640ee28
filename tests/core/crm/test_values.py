"""Values as they are compared."""

from hypothesis import given
from hypothesis import strategies as st

from core.crm.meanings import meaning_of, stored
from core.crm.values import are_equal, items, same, tidy

texts = st.text(alphabet="aBé@.+17 \r\n\0", max_size=8)
any_value = st.none() | texts | st.lists(texts, max_size=4).map(tuple)


def test_spelling_order_and_blanks_do_not_matter() -> None:
    assert are_equal(("Ana@X.example", "b@x.example"), ("b@x.example", "ana@x.example", "ana@x.example"))
    assert are_equal(("+44 113 000 0000",), ("+441130000000",))
    assert are_equal(" Fernhill\r\nTools ", "Fernhill\nTools")
    assert are_equal("", None)
    assert are_equal((), None)
    assert not are_equal("Fernhill", "FERNHILL")
    assert same("12") == "12"


def test_a_number_is_one_whatever_the_crm_puts_between_its_digits() -> None:
    meaning = meaning_of("company_phone")
    for ours, theirs, kept in (
        ("+4930901820", "0049 30 901820", "+4930901820"),
        ("+1 (555) 456-7890", "+15554567890", "+15554567890"),
        ("555-456.7890", "(555) 456 7890", "555-456.7890"),  # of no country that is known
    ):
        assert are_equal(ours, theirs, meaning)
        assert stored("company_phone", ours) == kept
    assert not are_equal("+1 (555) 456-7890", "+15554567891", meaning)


@given(any_value)
def test_tidying_twice_changes_nothing(value: str | tuple[str, ...] | None) -> None:
    assert tidy(tidy(value)) == tidy(value)
    assert are_equal(value, tidy(value))
    assert items(tidy(value)) == frozenset(
        filter(
            None,
            (same(item.replace("\0", "").strip()) for item in ((value,) if isinstance(value, str) else value or ())),
        )
    ) or isinstance(value, str)
