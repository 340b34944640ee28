"""The one vocabulary for what came of asking a provider, whatever it was asked for.

hit      it gave what was asked for
miss     it answered, and knows nothing of it
error    it could not be asked, or gave no usable answer; this says nothing of the company or person asked about
skipped  it was not asked: there is nothing to ask with, or it is off
due      to be asked, or collected, later: a budget or a limit is used up, or the answer is not there yet
"""

from typing import Literal, get_args

Outcome = Literal["hit", "miss", "error", "skipped", "due"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
ANSWERED: frozenset[Outcome] = frozenset({"hit", "miss"})
"""The provider has answered the question."""
OPEN: frozenset[Outcome] = frozenset({"error", "due"})
"""Whether there is anything to know is still open."""
