"""Walks through a page's elements end, and share what is left for all of them."""

from lxml import etree, html

from core.discovery.walks import StepBudget, outside


def test_steps_are_shared_by_all_walks():
    steps = StepBudget(5)
    assert list(steps.over("abcdef", 3)) == ["a", "b", "c"]
    assert list(steps.over("abcdef", 3)) == ["a", "b"]
    assert list(steps.over("abcdef", 3)) == []
    assert steps.left == 0


def test_the_text_of_an_element_is_what_stands_in_it_in_order():
    root = html.fragment_fromstring("<div>a<b>b</b>c<i>d<u>e</u></i>f</div>")
    assert StepBudget(100).text_of(root) == "abcdef"
    assert StepBudget(100).text_of(root.find("i")) == "de"  # what follows an element is not of it
    assert StepBudget(100).text_of(root, texts=2) == "ab"


def test_a_large_text_is_cut_and_costs_only_so_much():
    root = html.fragment_fromstring("<div>" + "<p>x</p>" * 5_000 + "</div>")
    steps = StepBudget(10_000)
    assert 1 <= len(steps.text_of(root)) < 5_000
    assert steps.left >= 9_000
    long = html.fragment_fromstring(f"<div><p>{'y' * 50_000}</p><p>z</p></div>")
    assert StepBudget(100).text_of(long) == "y" * 8_000
    assert StepBudget(0).text_of(long) == ""


def test_what_lies_in_a_foreign_element_is_left_out():
    root = etree.fromstring("<r><a/><f><b/><f><c/></f></f><d/></r>")
    assert [node.tag for node in outside(root, lambda node: node.tag == "f")] == ["r", "a", "f", "d"]
    assert [node.tag for node in outside(root, lambda _: False)] == ["r", "a", "f", "b", "f", "c", "d"]
