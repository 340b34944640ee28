"""A page becomes lines, blocks and links that its wrappers, classes and white space leave unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.discovery import document as module
from core.discovery.document import MAX_LINES, parse, tidy

WORDS = st.text(alphabet="abcdefgÄé -", min_size=1, max_size=20).filter(lambda text: text.strip(" -"))


def texts(markup):
    return [line.text for line in parse(markup).lines]


@pytest.mark.parametrize(
    ("markup", "lines"),
    [
        ("<p>Jane   Doe\n CEO</p>", ["Jane Doe CEO"]),
        ("<p>Jane Doe<br>CEO</p>", ["Jane Doe", "CEO"]),
        ("<p>Jane <b>Doe</b>, <i>CEO</i></p>", ["Jane Doe, CEO"]),
        ("<table><tr><td>Jane Doe</td><td>CEO</td></tr></table>", ["Jane Doe", "CEO"]),
        ("<p>Jane\u200b Doe\u00ad</p>", ["Jane Doe"]),
        ("<p>one<script>two</script><style>three</style><noscript>four</noscript></p>", ["one"]),
        ("<p>one<span style='display:none'>two</span>three</p>", ["onethree"]),
        ("<a href='/x'><span>Jane Doe</span><span>CEO</span></a><a href='/y'>more</a>", ["Jane DoeCEO", "more"]),
        ("<img alt='Jane Doe, CEO of Acme'><img alt='a logo'>", ["Jane Doe, CEO of Acme"]),
        ("<!-- no --><p>yes", ["yes"]),
        ("", []),
    ],
)
def test_lines_are_what_a_reader_sees(markup, lines):
    assert texts(markup) == lines


@given(st.lists(WORDS, max_size=8))
def test_every_paragraph_is_a_line_in_its_order(paragraphs):
    wrapped = "".join(f"<div class=x><section><p>{text}</p></section></div>" for text in paragraphs)
    assert texts(wrapped) == [tidy(text) for text in paragraphs]


def test_a_line_knows_its_place():
    document = parse(
        "<header><p>top</p></header><main><h2>Our <em>team</em></h2><ul><li><b>Jane Doe</b></ul>"
        "<blockquote><p>so good</p></blockquote><div itemtype='https://schema.org/Review'>nice</div></main>"
        "<footer>foot</footer>"
    )
    top, team, jane, praise, review, foot = document.lines
    assert [line.zone for line in document.lines] == ["header", "main", "main", "main", "main", "footer"]
    assert (team.level, team.tag, team.strong, team.pieces) == (2, "h2", True, ("Our", "team"))
    assert (jane.level, jane.tag, jane.strong) == (0, "li", True)
    assert (praise.quoted, review.quoted) == (True, False)
    assert (praise.reviewed, review.reviewed) == (False, True)
    assert not top.strong
    assert [line.index for line in document.lines] == list(range(6))
    assert foot.block != top.block


def test_blocks_cover_their_lines_and_know_what_is_around_them():
    document = parse("<main><section><h3>A</h3><p>B</p></section><p>C</p></main>")
    a, b, c = document.lines
    section = next(index for index, block in enumerate(document.blocks) if block.tag == "section")
    assert document.text(document.blocks[section].start, document.blocks[section].end) == "A B"
    assert document.holds(section, a.block)
    assert document.holds(section, b.block)
    assert not document.holds(section, c.block)
    assert [document.blocks[block].tag for block in document.ancestors(a.block)][:3] == ["h3", "section", "main"]
    assert document.text(0, 3, limit=3) == "A B"


def test_links_have_text_hint_zone_and_place():
    document = parse(
        "<nav style='display:none'><a href='/team'>Team</a></nav><p>Read <a href='/about' title='Us'>about us</a></p>"
        "<a href='/jane'><img alt='Jane'></a><p>last</p><map><area href='/map' alt='Here'></map>"
    )
    found = {link.href: link for link in document.links}
    assert (found["/team"].zone, found["/team"].text, found["/team"].block) == ("nav", "Team", -1)
    assert (found["/about"].text, found["/about"].hint, found["/about"].position) == ("about us", "Us", 0)
    assert (found["/jane"].text, found["/jane"].hint, found["/jane"].position) == ("", "Jane", 0.5)
    assert found["/map"].text == "Here"


def test_what_the_head_says():
    document = parse(
        "<html lang='DE-at'><head><title> Acme \n Looms </title><base href='/sub/'>"
        "<meta http-equiv=Refresh content='0; url=/home'></head><body>x"
    )
    assert (document.language, document.title, document.base, document.refresh) == (
        "de",
        "Acme Looms",
        "/sub/",
        "/home",
    )


def test_a_script_sends_on_from_an_all_but_empty_page_only():
    script = "<script>window.location.href = '/start'</script>"
    assert parse(script).refresh == "/start"
    assert parse(script + "<p>a line</p>" * 6).refresh is None


def test_a_long_page_is_cut_and_says_so():
    document = parse("<p>x</p>" * (MAX_LINES + 5))
    assert len(document.lines) == MAX_LINES
    assert document.truncated
    assert all(block.end >= 0 for block in document.blocks)
    assert not parse("<p>x</p>").truncated
    assert len(parse("<p>" + "word " * 9_000).lines[0].text) <= module.MAX_LINE


@given(st.text(alphabet="<>/apdivhrefonclickstyle='\" \n=br3", max_size=200))
def test_any_markup_has_lines_that_are_tidy(markup):
    document = parse(markup)
    assert all(line.text == tidy(line.text) != "" for line in document.lines)
    assert all(0 <= block.start <= block.end for block in document.blocks)
