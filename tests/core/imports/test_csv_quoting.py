"""Ways to quote cells, on made-up rows."""

import pytest

from core.imports.csv_quoting import USUAL, Quoting, find_quoting, records_of


@pytest.mark.parametrize(
    ("text", "delimiter", "quoting", "row"),
    [
        ('Company, "Contact"\nAcmo, "Doe, Jane"\nBeto, "Roe, Max"\n', ",", Quoting(skips_blanks=True), ["Acmo", "Doe, Jane"]),
        ('a; "b; c"; d\ne; "f; g"; h\n', ";", Quoting(skips_blanks=True), ["e", "f; g", "h"]),
        ('a,"b \\"c\\", d",e\nf,"g",h\n', ",", Quoting(escapes=True), ["f", "g", "h"]),
        ("a,'b, c',d\n'e','f, g','h'\n", ",", Quoting(mark="'"), ["e", "f, g", "h"]),
        ('a\tb\tc\nd\t"e\tf\ng\th\ti"\nj\tk\tl\n', "\t", Quoting(mark=None), ["d", '"e', "f"]),
        ('a,"b, c",d\ne,"f ""g""",h\n', ",", USUAL, ["e", 'f "g"', "h"]),
        ("a,b\nO'Neil,d'Or\n", ",", USUAL, ["O'Neil", "d'Or"]),
        ('a,"C:\\temp\\",b\nc,"d",e\n', ",", USUAL, ["c", "d", "e"]),
    ],
)  # fmt: skip
def test_the_way_that_makes_records_alike_is_taken(text, delimiter, quoting, row):
    found = find_quoting(text, delimiter, 60)
    assert found == quoting
    assert records_of(text, delimiter, 60, found)[1] == row


def test_escapes_are_taken_off():
    text = 'a,"5\\" pipe, \\\\n",c\nd,e,f\n'
    found = find_quoting(text, ",", 60)
    assert records_of(text, ",", 60, found)[0] == ["a", '5" pipe, \\n', "c"]
