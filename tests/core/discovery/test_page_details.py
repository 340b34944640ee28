"""Links of a person's block are theirs; those of the page's menu are not."""

from core.discovery.blocks import Readings, entries
from core.discovery.company import Company
from core.discovery.document import parse
from core.discovery.page_details import PageDetails


def test_a_card_holds_its_own_links():
    card = "<div><h3>{0}</h3><p>CEO</p><a href='mailto:{1}@acme.example'>mail</a></div>"
    markup = (
        "<nav><a href='mailto:x@acme.example'>x</a></nav>"
        + card.format("Orla Fenwick", "orla")
        + card.format("Ned Orr", "ned")
    )
    document = parse(markup)
    found = entries(Readings.of(document))
    details = PageDetails(document, found, Company(frozenset({"acme"}), "acme"), "acme.example", True)
    assert [details.of(entry).email for entry in found] == ["orla@acme.example", "ned@acme.example"]
