import html
import pickle

from hypothesis import given
from hypothesis import strategies as st
from written_addresses import ADDRESSES

from core.enrichment.page_reading import (
    PageAsked,
    read_contact_page,
    read_facts,
    read_links,
    read_page,
    read_sitemap,
    read_texts,
)
from core.text.web_addresses import canonical

URL = "https://acme.example/"
WRITTEN = st.lists(st.one_of(ADDRESSES, st.text(st.characters(), max_size=40)), max_size=6)


def asked(body, **more):
    given = {"is_home": True, "by_chance": False, "earlier": (), "known": frozenset(), "asks": False} | more
    return PageAsked(url=URL, body=body, **given)


@given(WRITTEN)
def test_no_link_of_a_page_or_sitemap_raises(written):
    quoted = [html.escape(text) for text in written]
    links = "".join(f"<a href='{text}'>Team</a><a onclick=\"location='{text}'\">x</a>" for text in quoted)
    head = "".join(f"<base href='{text}'><meta http-equiv=refresh content='0;url={text}'>" for text in quoted)
    page = f"<html><head>{head}</head><body>{links}</body></html>"
    found = [read_page(asked(page)).links, read_links(page, URL)]
    sitemap = "<urlset>" + "".join(f"<loc>{text}</loc>" for text in written) + "</urlset>"
    named = read_sitemap(sitemap, URL, URL)
    index = read_sitemap(sitemap.replace("urlset", "sitemapindex"), URL, URL)
    addresses = [one.url for links in found for one in links.candidates] + [one.url for one in named.pages]
    addresses += [url for links in found for url in links.further] + list(index.further)
    assert all(canonical(address) == address for address in addresses)
    read_contact_page(page)
    read_facts(((URL, page),))


def test_what_is_known_of_a_page_crosses_to_another_process():
    body = "<title>Acme</title><a href=/team>Team</a><div><h3>Orla Fenwick</h3><p>CEO</p></div>"
    read = read_page(asked(body, asks=True))
    assert pickle.loads(pickle.dumps(read)) == read
    assert [candidate.url for candidate in read.links.candidates] == [f"{URL}team"]
    again = read_page(asked(body, earlier=(read.signs,), known=frozenset({read.digest})))
    assert again.findings is None
    assert read_texts(((URL, body), (URL, "<p> </p>")), 9) == ((URL, "Team\nOrla"),)
