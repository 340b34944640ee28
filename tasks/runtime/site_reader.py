"""Reading the pages of one site in other processes, within what one site may take of them."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from core.errors import LimitReached, UnreadablePage
from tasks.runtime.page_processes import page_processes

P = ParamSpec("P")
R = TypeVar("R")

PAGE_S = 5.0
"""Seconds of processor time for one page where no setting says so: a hundred times what a usual page takes."""
_SHARE = 4
"""A site may take this part of its time budget as processor time: others wait for the processes too."""


class SiteReader:
    """Reads the pages of one site.

    Args:
        page_s: seconds of processor time for one page.
        time_budget_s: seconds for the whole site.
    """

    def __init__(self, page_s: float, time_budget_s: float) -> None:
        self._page_s = page_s
        self._site_s = self._left_s = max(page_s, time_budget_s / _SHARE)
        page_processes.warm()

    async def read(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function of `core.enrichment.page_reading`.

        Args:
            function: found by its name.
            args: its arguments.
            kwargs: none; they are here for the type checker.

        Raises:
            UnreadablePage: the page takes too long or breaks its reader; the message is a phrase for people.
            LimitReached: the site's pages took too long together.
        """
        del kwargs
        if self._left_s <= 0:
            raise LimitReached(f"reading its pages takes more than {self._site_s:g} s of processor time")
        granted_s = min(self._page_s, self._left_s)
        try:
            result, used_s = await page_processes.timed(granted_s, function, *args)
        except UnreadablePage:
            self._left_s -= granted_s
            raise
        self._left_s -= used_s
        return result
