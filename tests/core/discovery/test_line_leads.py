"""What stands in front of a name is taken off, and nothing of the name."""

import pytest

from core.discovery.line_leads import GREETING, LABEL_LEAD


@pytest.mark.parametrize("lead", ["meet ", "Contact: ", "name: "])
def test_greetings_end_before_the_name(lead):
    assert GREETING.match(f"{lead}Orla Fenwick").end() == len(lead)


def test_a_label_ends_before_the_title():
    assert LABEL_LEAD.match("vertreten durch den geschaftsfuhrer").end() == len("vertreten durch den ")
    assert LABEL_LEAD.match("geschaftsfuhrer") is None
