"""The pages of the made-up companies, by site and path; their people are those of the sandbox's cast."""

import json
from collections.abc import Iterable

from sandbox.cast import Company, Person

Pages = dict[str, str]

HEADS = {
    "verdelin": '<meta name="description" content="Moutardes et vinaigres de Dijon, par une famille depuis 1961.">',
}
"""What some sites say of themselves in the head of every page."""
FOOTERS = {
    "brackwater-pumps": "<p>Quay Road 14, Hull HU1 2AB</p>",
    "ostraline-freight": (
        '<p>Tel. <a href="tel:+48585550142">+48 58 555 01 42</a></p>'
        '<a href="https://www.linkedin.com/company/ostraline-freight/">LinkedIn</a>'
        '<a href="https://www.facebook.com/ostralinefreight">Facebook</a>'
        '<a href="https://www.facebook.com/sharer/sharer.php?u=x">Share</a>'
    ),
    "quietfield-storage": "<p>Phone: (208) 555-0171 | Fax: (208) 555-0172</p><p>210 Orchard St, Boise, ID 83705</p>",
}
"""What some sites say of themselves at the foot of every page."""


def page(company: Company, title: str, body: str, menu: dict[str, str], language: str = "en") -> str:
    """Return a page with header, menu and footer around `body`."""
    links = "".join(f'<li><a href="{path}">{label}</a></li>' for label, path in menu.items())
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{title} | {company.name}</title>{HEADS.get(company.slug, '')}</head>"
        f"<body><header><a href='/'>{company.name}</a><nav><ul>{links}</ul></nav></header>"
        f"<main><h1>{title}</h1>{body}</main>"
        f"<footer><p>{company.name}, {company.city}, {company.country}. A made-up company of the sandbox.</p>"
        f'<a href="/contact">Contact</a>{FOOTERS.get(company.slug, "")}</footer></body></html>'
    )


def card(person: Person, *, with_profile: bool = True) -> str:
    """Return a person as a team card."""
    slug = f"{person.first_name}-{person.last_name}".lower()
    mail = (
        f'<a href="mailto:{person.email}">{person.email}</a>'
        if person.email and "domain.com" not in person.email
        else ""
    )
    profile = f'<a class="social" href="https://www.linkedin.com/in/{slug}">LinkedIn</a>' if with_profile else ""
    return (
        f'<div class="team-card"><img src="/img/{slug}.jpg" alt=""><h3>{person.name}</h3>'
        f'<p class="role">{person.title}</p>{mail}{profile}</div>'
    )


def brackwater(company: Company) -> Pages:
    """Cards on a leadership page, a testimonial and a blog author that are not executives."""
    menu = {"Pumps": "/products", "About us": "/about", "Leadership": "/leadership", "Contact": "/contact"}
    praise = (
        '<blockquote>"Never a day without water." <cite>Alma Jessop, Plant Manager at a customer</cite></blockquote>'
    )
    story = "<article><h2>Why impellers wear</h2><p class='byline'>By Conrad Hale, guest author</p></article>"
    return {
        "/": page(company, "Pumps that stay in the ground", praise, menu),
        "/products": page(company, "Pumps", "<p>Submersible and split-case pumps.</p>", menu),
        "/about": page(company, "About us", f"<p>Since {company.founded}.</p>{story}", menu),
        "/leadership": page(company, "Leadership", "".join(map(card, company.people)), menu),
        "/contact": page(company, "Contact", "<p>office@brackwater-pumps.example</p>", menu),
    }


def lindmoor(company: Company) -> Pages:
    """JSON-LD only: the visible text names nobody."""
    menu = {"Instruments": "/instruments", "Company": "/company"}
    employees = [{"@type": "Person", "name": one.name, "jobTitle": one.title} for one in company.people]
    address = {"@type": "PostalAddress", "streetAddress": "Verkstadsgatan 3", "postalCode": "753 20",
               "addressLocality": company.city, "addressCountry": company.country_code}  # fmt: skip
    graph = {"@context": "https://schema.org", "@type": "Organization", "name": company.name, "employee": employees,
             "telephone": "+46 18 555 01 20", "address": address,
             "sameAs": ["https://www.linkedin.com/company/lindmoor-instrument"]}  # fmt: skip
    tag = '<script type="application/ld+json">'
    block = f"{tag}{json.dumps(graph)}</script>{tag}{{broken</script>"
    return {
        "/": page(company, "Measuring what moves", "<p>Flow and level.</p>", menu),
        "/instruments": page(company, "Instruments", "<p>Six of them.</p>", menu),
        "/company": page(company, "Company", f"{block}<p>We are {company.employee_count} people.</p>", menu),
        "/contact": page(company, "Contact", "<p>Uppsala</p>", menu),
    }


def ostraline(company: Company) -> Pages:
    """A table of the board, reached through an about page."""
    menu = {"Services": "/services", "About": "/about-us"}
    rows = "".join(f"<tr><td>{one.name}</td><td>{one.title}</td></tr>" for one in company.people)
    table = f"<table><thead><tr><th>Name</th><th>Position</th></tr></thead><tbody>{rows}</tbody></table>"
    return {
        "/": page(company, "Freight, on time", "<p>Sea and rail.</p>", menu),
        "/services": page(company, "Services", "<p>Full and part loads.</p>", menu),
        "/about-us": page(company, "About", '<p>See our <a href="/about-us/management">management</a>.</p>', menu),
        "/about-us/management": page(company, "Management", table, menu),
        "/contact": page(company, "Contact", "<p>Gdynia</p>", menu),
    }


def verdelin(company: Company) -> Pages:
    """French: names above functions in a list."""
    menu = {"Nos produits": "/produits", "Qui sommes-nous": "/qui-sommes-nous", "Équipe": "/equipe"}
    team = "".join(f"<li><strong>{one.name}</strong>, {one.title}</li>" for one in company.people)
    return {
        "/": page(company, "Moutardes depuis 1961", "<p>Une maison de famille.</p>", menu, "fr"),
        "/produits": page(company, "Nos produits", "<p>Douze moutardes.</p>", menu, "fr"),
        "/qui-sommes-nous": page(company, "Qui sommes-nous", "<p>Quarante-six personnes.</p>", menu, "fr"),
        "/equipe": page(company, "L'équipe de direction", f"<ul>{team}</ul>", menu, "fr"),
        "/contact": page(company, "Contact", "<p>Dijon</p>", menu, "fr"),
    }


def kesselbruck(company: Company) -> Pages:
    """German: the managing director stands in the Impressum, the rest under Ansprechpartner."""
    menu = {
        "Leistungen": "/leistungen",
        "Unternehmen": "/unternehmen",
        "Ansprechpartner": "/ansprechpartner",
        "Impressum": "/impressum",
    }
    contacts = "".join(f"<p><b>{one.title}</b><br>{one.name}<br>{one.email}</p>" for one in company.people)
    place = "<p>Werkstraße 12<br>09111 Chemnitz</p><p>Telefon: 0371 555 0130<br>Telefax: 0371 555 0139</p>"
    imprint = f"<p>{company.name} GmbH</p>{place}<p>Geschäftsführerin: {company.people[0].name}</p><p>HRB 00000</p>"
    return {
        "/": page(company, "Anlagen, die laufen", "<p>Fördertechnik.</p>", menu, "de"),
        "/leistungen": page(company, "Leistungen", "<p>Planung und Bau.</p>", menu, "de"),
        "/unternehmen": page(company, "Unternehmen", "<p>Seit 1979.</p>", menu, "de"),
        "/ansprechpartner": page(company, "Ansprechpartner", contacts, menu, "de"),
        "/impressum": page(company, "Impressum", imprint, menu, "de"),
        "/contact": page(company, "Kontakt", "<p>Chemnitz</p>", menu, "de"),
    }


def quietfield(company: Company) -> Pages:
    """A site without people, though its pages sound as if there were some."""
    menu = {"Storage": "/storage", "Our team": "/team", "Careers": "/careers"}
    advert = "<h3>Warehouse Manager (open position)</h3><p>Apply by mail.</p>"
    return {
        "/": page(company, "Room for what matters", "<p>Warm, dry, quiet.</p>", menu),
        "/storage": page(company, "Storage", "<p>Units from 3 to 300 square metres.</p>", menu),
        "/team": page(company, "Our team", "<p>Eighteen people who like order.</p>", menu),
        "/careers": page(company, "Careers", advert, menu),
        "/contact": page(company, "Contact", "<p>Boise</p>", menu),
    }


def penmarrow(company: Company) -> Pages:
    """The team page exists, and robots.txt forbids it."""
    menu = {"Valves": "/valves", "Team": "/team/"}
    return {
        "/": page(company, "Valves that close", "<p>Gate, globe and check valves.</p>", menu),
        "/valves": page(company, "Valves", "<p>Bronze and steel.</p>", menu),
        "/team/": page(company, "Team", "".join(map(card, company.people)), menu),
        "/contact": page(company, "Contact", "<p>Toledo</p>", menu),
        "/robots.txt": "User-agent: *\nDisallow: /team/\n",
    }


BUILDERS = {
    "brackwater-pumps": brackwater,
    "lindmoor-instrument": lindmoor,
    "ostraline-freight": ostraline,
    "verdelin": verdelin,
    "kesselbruck": kesselbruck,
    "quietfield-storage": quietfield,
    "halvmarine": quietfield,  # its server answers 403 before any page is looked at
    "penmarrow-valve": penmarrow,
}


def sitemap(origin: str, paths: Iterable[str]) -> str:
    """Return a sitemap of a site's pages."""
    urls = "".join(f"<url><loc>{origin}{path}</loc></url>" for path in paths if not path.endswith(".txt"))
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
