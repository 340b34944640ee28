import time

import pytest
from lxml import html

from core.discovery.document import parse
from core.discovery.markup import MAX_ATTRIBUTES, with_few_attributes

AFTER = "<p>Jane Doe</p>"
PAGE = """<!DOCTYPE html><!-- <p a b c --><title>a<b</title><script a='>'>if (a<b && c) { "<p x=1 y=2>" }</script>
<p class=x title="a > b" data-x='"' hidden>x<br/><img src=a/b alt=don't><style>p > a { }</style></p>"""
TAGS = {
    "names": ("<p ", "a{}", " ", ">"),
    "values with brackets": ("<p ", 'a{}=">"', " ", ">"),
    "slashes": ("<p/", "a{}", "/", ">"),
    "glued": ("<p ", 'a{}="x"', "", ">"),
    "tags inside": ("<p ", "<a{}", " ", ">"),
    "equal signs": ("<p ", "=a{}", " ", ">"),
    "lines": ("<P\n", "a{}='\n'", "\n", ">"),
    "a script": ("<script ", "a{}", " ", "></script>"),
}


def page(kind, count):
    start, attribute, between, end = TAGS[kind]
    return start + between.join(attribute.format(number) for number in range(count)) + end + AFTER


def test_a_usual_page_is_left_as_it_is():
    assert with_few_attributes(PAGE) == PAGE


@pytest.mark.parametrize("kind", TAGS)
def test_a_tag_keeps_its_first_attributes_and_the_page_its_text(kind):
    cut = html.document_fromstring(with_few_attributes(page(kind, 5_000)))
    assert max(len(node.attrib) for node in cut.iter()) <= MAX_ATTRIBUTES
    assert "Jane Doe" in cut.text_content()
    assert page(kind, 100) == with_few_attributes(page(kind, 100))


@pytest.mark.parametrize("kind", TAGS)
def test_reading_a_tag_takes_time_in_proportion_to_its_length(kind):
    def seconds(count):
        markup = page(kind, count)
        began = time.process_time()
        parse(markup)
        return time.process_time() - began

    seconds(100)
    assert min(seconds(20_000) for _ in range(2)) < 3 * min(seconds(10_000) for _ in range(2)) + 0.05


ATOMS = [
    "<p ",
    '<p a="',
    "<p a='",
    "<!--",
    "<script>",
    "<script a='",
    "<script ",
    "= ",
    "/",
    "<",
    "<p a = ",
    "</script>",
]


@pytest.mark.parametrize("atom", ATOMS)
def test_looking_for_attributes_takes_time_in_proportion_to_the_length_of_the_page(atom):
    def seconds(length):
        markup = "<p x " + atom * (length // len(atom))
        began = time.process_time()
        with_few_attributes(markup)
        return time.process_time() - began

    seconds(1_000)
    assert min(seconds(1_000_000) for _ in range(2)) < 3 * min(seconds(500_000) for _ in range(2)) + 0.05
