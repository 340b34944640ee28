from markdown_it import MarkdownIt

from core.discovery.company_contacts import Contact, Provenance, SiteDiscovery, SourceAttempt
from core.discovery.site_report import PageNote
from db.discovery.runs import VisitedSite
from tasks.discovery.artifacts import people_table, sites_table

NASTY = (
    "Jane | Smith](http://evil.example) <b>x</b> `y`\n| a | b | ![i](http://evil.example/i.png) https://evil.example"
)


def site(name, source_url):
    found = Provenance("website", source_url, NASTY, NASTY, 0.9)
    person = Contact(name, NASTY, "CEO", False, "https://www.linkedin.com/in/jane", None, None, (found,))
    attempts = (SourceAttempt("website", "hit"),)
    look = SiteDiscovery("found", NASTY, (person,), attempts, (PageNote(source_url, "ok", NASTY),))
    return VisitedSite("acme.example", "acme.example", 2, look)


def test_text_of_a_page_stays_text():
    for table in (people_table([site(NASTY, "https://acme.example/a|b)c>d")]), sites_table([site(NASTY, "x")])):
        assert len(table.splitlines()) == 3
        html = MarkdownIt("js-default").enable("table").render(table)
        assert "<img" not in html
        assert "<b>" not in html
        assert 'href="http://evil' not in html
        assert html.count("<tr>") == 2


def test_links_lead_to_pages_and_nothing_else():
    table = people_table([site("Jane Smith", "javascript:alert(1)")])
    assert "javascript" not in table
    assert "[acme.example](<http://acme.example/>)" in table
    assert "[profile](<https://www.linkedin.com/in/jane>)" in table


def test_an_empty_run_says_so():
    assert people_table([]) == "Nobody."
    assert sites_table([]) == "No site was visited."
