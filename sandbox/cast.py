"""The made-up companies and people the stand-ins agree on: all names are invented, all domains end in .example."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who works at a company of the cast; `email_status` is Apollo's word for the address."""

    first_name: str
    last_name: str
    title: str
    seniority: str
    department: str
    email: str | None
    email_status: str | None = "verified"

    @property
    def name(self) -> str:
        """Return first and last name."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True)
class Company:
    """A company of the cast; `employee_count` is a head count, `revenue` a year's, in US dollars."""

    slug: str
    name: str
    domain: str
    industry: str
    city: str
    country: str
    country_code: str
    employee_count: int
    founded: int
    revenue: float
    people: tuple[Person, ...]
    catches_all_mail: bool = False


COMPANIES = (
    Company(
        "brackwater-pumps",
        "Brackwater Pumps",
        "brackwater-pumps.example",
        "machinery",
        "Hull",
        "United Kingdom",
        "GB",
        84,
        1987,
        12_400_000.0,
        (
            Person(
                "Maud", "Tillerby", "Chief Executive Officer", "c_suite", "c_suite", "maud@brackwater-pumps.example"
            ),
            Person("Oren", "Castleworth", "VP of Finance", "vp", "finance", "oren@brackwater-pumps.example"),
            Person("Priya", "Lundmark", "Head of Service", "head", "operations", None, "unavailable"),
        ),
    ),
    Company(
        "lindmoor-instrument",
        "Lindmoor Instrument",
        "lindmoor-instrument.example",
        "electrical/electronic manufacturing",
        "Uppsala",
        "Sweden",
        "SE",
        140,
        1994,
        31_000_000.0,
        (
            Person("Signe", "Varlund", "Managing Director", "c_suite", "c_suite", "signe@lindmoor-instrument.example"),
            Person(
                "Bo", "Emtrask", "Chief Technology Officer", "c_suite", "engineering", "email_not_unlocked@domain.com"
            ),
        ),
    ),
    Company(
        "ostraline-freight",
        "Ostraline Freight",
        "ostraline-freight.example",
        "logistics & supply chain",
        "Gdynia",
        "Poland",
        "PL",
        310,
        2003,
        58_000_000.0,
        (
            Person(
                "Halina",
                "Brzostek",
                "Chief Operating Officer",
                "c_suite",
                "operations",
                "halina@ostraline-freight.example",
            ),
            Person(
                "Emil", "Wrzosowski", "Chief Financial Officer", "c_suite", "finance", "emil@ostraline-freight.example"
            ),
            Person(
                "Dana",
                "Kolczyk",
                "Fleet Planner",
                "entry",
                "operations",
                "dana@ostraline-freight.example",
                "unverified",
            ),
        ),
        catches_all_mail=True,
    ),
    Company(
        "verdelin",
        "Maison Verdelin",
        "verdelin.example",
        "food & beverages",
        "Dijon",
        "France",
        "FR",
        46,
        1961,
        9_800_000.0,
        (
            Person("Solène", "Arvieux", "Directrice générale", "c_suite", "c_suite", "solene@verdelin.example"),
            Person("Basile", "Fontcreuse", "Directeur financier", "director", "finance", "basile@verdelin.example"),
        ),
    ),
    Company(
        "kesselbruck",
        "Kesselbruck Anlagenbau",
        "kesselbruck.example",
        "industrial automation",
        "Chemnitz",
        "Germany",
        "DE",
        205,
        1979,
        41_500_000.0,
        (
            Person("Anneke", "Rothgarn", "Geschäftsführerin", "c_suite", "c_suite", "a.rothgarn@kesselbruck.example"),
            Person("Jost", "Hellweger", "Leiter Finanzen", "director", "finance", "j.hellweger@kesselbruck.example"),
        ),
    ),
    Company(
        "quietfield-storage",
        "Quietfield Storage",
        "quietfield-storage.example",
        "warehousing",
        "Boise",
        "United States",
        "US",
        18,
        2012,
        2_100_000.0,
        (),
    ),
    Company(
        "halvmarine",
        "Halvmarine Systems",
        "halvmarine.example",
        "maritime",
        "Bergen",
        "Norway",
        "NO",
        73,
        1999,
        15_200_000.0,
        (Person("Torunn", "Skarvik", "Founder & CEO", "founder", "c_suite", "torunn@halvmarine.example"),),
    ),
    Company(
        "penmarrow-valve",
        "Penmarrow Valve",
        "penmarrow-valve.example",
        "machinery",
        "Toledo",
        "United States",
        "US",
        122,
        1972,
        22_700_000.0,
        (
            Person("Della", "Marchetti-Rowe", "President", "c_suite", "c_suite", "della@penmarrow-valve.example"),
            Person("Ruben", "Aldersgate", "VP Operations", "vp", "operations", "ruben@penmarrow-valve.example"),
        ),
    ),
)


def company_of(domain: str) -> Company | None:
    """Return the company with this bare domain, or None."""
    return next((company for company in COMPANIES if company.domain == domain), None)
