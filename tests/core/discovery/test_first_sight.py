"""Pages that were written before the rules that read them: every person on them, and nobody else."""

from urllib.parse import urlsplit

import pytest
from first_sight import pages

from core.discovery.company import of_site
from core.discovery.document import parse
from core.discovery.extraction import extract
from core.discovery.site_people import merge


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.id)
def test_a_page_gives_its_executives_and_nobody_else(page):
    document = parse(page.markup)
    findings = extract(document, page.url, of_site([(page.url, document)]), is_home=urlsplit(page.url).path == "/")
    found = {(person.name.split()[-1].casefold(), person.role) for person in merge([findings]).atl}
    assert found == {(name.split()[-1].casefold(), role) for name, role in page.people}
