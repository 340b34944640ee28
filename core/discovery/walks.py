"""Walks over parts of a page's tree that cost only so much, however large the parts are and wherever they lie.

Elements lie inside each other, so to look through all of an element for each of many elements takes the square of the
page. Each walk here has a length of its own, and those of one reading share what is left for all of them.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from lxml import etree

Item = TypeVar("Item")
_MAX_STEPS = 1_000
"""Steps of one walk for the text of one element, and"""
_STEPS_A_TEXT = 8
"""how many for each of a few texts in it."""
_MAX_CHARS = 8_000
"""Characters taken of one element's text."""


class StepBudget:
    """What may be looked at for one reading of a page.

    Args:
        left: steps for all its walks together.
    """

    def __init__(self, left: int) -> None:
        self.left = left

    def over(self, items: Iterable[Item], most: int) -> Iterator[Item]:
        """Yield the first of some items: at most `most`, and no more than there are steps left."""
        for item in islice(items, most):
            if self.left <= 0:
                return
            self.left -= 1
            yield item

    def text_of(self, node: etree._Element, *, texts: int = _MAX_STEPS) -> str:
        """Return the text inside an element, as written; of a large one the beginning.

        Args:
            node: the element.
            texts: pieces of text, parted by the elements in it, at most.
        """
        found: list[str] = []
        chars = 0
        most = min(_MAX_STEPS, texts * _STEPS_A_TEXT)
        for event, part in self.over(etree.iterwalk(node, events=("start", "end")), most):
            text = part.text if event == "start" else part.tail if part is not node else None
            if text:
                found.append(text[:_MAX_CHARS])
                chars += len(found[-1])
                if chars >= _MAX_CHARS or len(found) >= texts:
                    break
        return "".join(found)


def outside(root: etree._Element, is_foreign: Callable[[etree._Element], bool]) -> Iterator[etree._Element]:
    """Yield the elements that lie in no foreign element, in reading order; a foreign one that lies in none is one."""
    within: list[etree._Element] = []
    for event, node in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            if not within:
                yield node
                if is_foreign(node):
                    within.append(node)
        elif within and within[-1] is node:
            within.pop()
