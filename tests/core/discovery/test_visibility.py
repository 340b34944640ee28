"""Hidden text may name anybody; what a control opens is content that waits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from core.discovery.visibility import Visibility, is_hiding_style


def hides(body, head=""):
    root = html.document_fromstring(f"<html><head>{head}</head><body>{body}</body></html>")
    return Visibility.of(root).hides(root.find(".//*[@data-me]"))


@pytest.mark.parametrize(
    "style",
    [
        "display: none",
        "DISPLAY:NONE !important",
        "visibility:hidden",
        "opacity: 0",
        "opacity:0.0;",
        "font-size:0",
        "height:0; overflow:hidden",
        "position:absolute; left:-9999px",
        "text-indent: -5000em",
        "clip: rect(0,0,0,0)",
        "clip-path: inset(50%)",
        "transform: scale(0)",
    ],
)
def test_styles_that_hide(style):
    assert is_hiding_style(style)


@pytest.mark.parametrize(
    "style",
    [
        "",
        "display:block",
        "opacity:0.5",
        "height:0",
        "left:-20px",
        "font-size:0.8em",
        "opacity:0; transition: opacity 1s",
        "height:100px; overflow:hidden",
    ],
)
def test_styles_that_do_not(style):
    assert not is_hiding_style(style)


def test_what_moves_is_shown_in_the_end():
    assert is_hiding_style("opacity:0")
    assert not is_hiding_style("opacity:0", moves=True)
    assert is_hiding_style("display:none", moves=True)


@pytest.mark.parametrize(
    ("body", "hidden"),
    [
        ("<p data-me hidden>x</p>", True),
        ("<p data-me hidden='until-found'>x</p>", False),
        ("<p data-me aria-hidden='true'>x</p>", True),
        ("<p data-me aria-hidden='false'>x</p>", False),
        ("<p data-me style='display:none'>x</p>", True),
        ("<p data-me data-aos='fade' style='opacity:0'>x</p>", False),
        ("<p data-me class='wow' style='visibility:hidden'>x</p>", False),
        ("<p data-me>x</p>", False),
        ("<div data-me id=more style='display:none'>x</div><a href='#more'>open</a>", False),
        ("<div data-me id=more style='display:none'>x</div><button data-target='#more'>open</button>", False),
        ("""<div data-me id=more style='display:none'>x</div><a onclick="show('more')">open</a>""", False),
        ("<div data-me id=more style='display:none'>x</div><a href='#other'>open</a>", True),
        ("<div data-me role=dialog style='display:none'>x</div>", False),
        ("<details data-me style='display:none'>x</details>", False),
        ("<div data-me id=t class='tab-pane' style='display:none'>x</div>", False),
    ],
)
def test_elements_that_nothing_opens_are_hidden(body, hidden):
    assert hides(body) is hidden


def test_a_script_opens_what_it_names():
    body = "<div data-me id=more hidden>x</div><script>document.getElementById('more').hidden = false</script>"
    assert not hides(body)


@pytest.mark.parametrize(
    ("css", "hidden"),
    [
        (".gone { display: none }", True),
        ("p.gone, .other { display:none }", True),
        ("#one { display:none }", True),
        ("/* .gone { } */ .gone{display:none}", True),
        ("/* .gone{display:none} */", False),
        ("div .gone { display:none }", False),  # only somewhere
        (".gone:hover { display:none }", False),
        (".gone { display:none } .open .gone { display:block }", False),
        (".gone { display:none } @media print { .gone { display:block } }", False),
        ("@media print { .gone { display:none } }", False),
        ("@media print { a { color: red } } .gone { display:none }", True),
        ("@media (x) { @supports (y) { .gone { display:none } } } p { color: red }", False),
        ("@import 'x.css'; .gone { display:none }", True),
        (".gone { color: red }", False),
    ],
)
def test_rules_that_always_hold_hide(css, hidden):
    assert hides("<p data-me class='a gone' id=one>x</p>", f"<style>{css}</style>") is hidden


@given(st.text(alphabet="@{};:.#abdisplaynone/* \n,", max_size=120))
def test_any_style_is_read_and_a_rule_behind_it_counts_where_all_is_closed(css):
    body = "<p data-me class=gone>x</p>"
    hides(body, f"<style>{css}</style>")
    balanced = css.translate(str.maketrans("", "", "@{}/*"))
    assert hides(body, f"<style>x {{ {balanced} }} .gone {{ display:none }}</style>")
