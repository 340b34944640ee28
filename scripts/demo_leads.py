"""Make `app/demo/leads.csv`: 5,000 rows as a sales team's own sheet has them, every one of them made up.

Run `python -m scripts.demo_leads`. The file is Windows-1252 with semicolons, three title lines above the header, German
columns, about 3 % repeated leads and 2 % rows that name nobody. Names are drawn from common first names and invented
surnames, addresses are under `.example` (RFC 2606), numbers in the ranges that the Bundesnetzagentur keeps for films.
"""

import csv
import random
from pathlib import Path

TARGET = Path(__file__).parent.parent / "app" / "demo" / "leads.csv"
ROWS = 5_000

HEADER = [
    *("Firma", "Webseite", "Branche", "Mitarbeiter", "Straße", "PLZ", "Ort", "Land"),
    *("Anrede", "Vorname", "Nachname", "Position", "E-Mail", "Telefon", "Bemerkung", "Status"),
]
PREAMBLE = (("Interessenten Messe Herbst",), ("Stand: 03.11.2026",), ())

_FIRST = (
    *("Anna", "Björn", "Clara", "Dörte", "Emil", "Frieda", "Günther", "Hanna", "Ivo", "Jürgen"),
    *("Käthe", "Lars", "Mia", "Nils", "Olga", "Paul", "Rosa", "Sören", "Tilda", "Uwe"),
)
_LAST = ("Acker", "Birken", "Dorn", "Eichen", "Felsen", "Grün", "Hafer", "Kiefer", "Linden", "Mühlen")
_LAST_END = ("bach", "berger", "feld", "hauser", "mann", "meyer", "stein", "wald")
_WORDS = ("Nord", "Süd", "Alster", "Spree", "Elb", "Isar", "Berg", "See", "Wald", "Stern", "Adler", "Anker")
_TRADES = (
    ("werk Maschinenbau", "Maschinenbau"),
    ("kost Lebensmittel", "Lebensmittel"),
    ("licht Hotelbetriebe", "Gastgewerbe"),
    ("bau Hochbau", "Bauwesen"),
    ("fracht Spedition", "Logistik"),
    ("tuch Textil", "Textil"),
    ("daten Systeme", "Software"),
)
_FORMS = ("GmbH", "AG", "GmbH & Co. KG", "KG")
_SIZES = ("1-10", "11-50", "51-200", "201-500", "501-1.000", "1.001-5.000", "ca. 120", "80")
_CITIES = (
    ("Berlin", "10115", "030 23125"),
    ("Hamburg", "20095", "040 66969"),
    ("Köln", "50667", "0221 4710"),
    ("München", "80331", "089 99998"),
    ("Frankfurt am Main", "60311", "069 90009"),
)
_TITLES = (
    "Geschäftsführer",
    "Geschäftsführerin",
    "Leiter Einkauf",
    "Kaufmännische Leitung",
    "Leiter Betrieb",
    "CTO",
    "CFO",
    "Vertriebsleiter",
    "Assistenz der Geschäftsführung",
    "",
)
_NOTES = (
    "",
    "",
    "",
    "Am Stand gesprochen",
    "Rückruf im Januar",
    'Will ein "Angebot"',
    "Katalog;\nPreisliste geschickt",
    "#N/A",
)
_STATUS = ("neu", "neu", "offen", "kontaktiert")
_ASCII = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def _row(number: int, rng: random.Random) -> list[str]:
    stem, trade = rng.choice(_TRADES)
    name = f"{rng.choice(_WORDS)}{stem} {rng.choice(_LAST)}{rng.choice(_LAST_END)} {rng.choice(_FORMS)}"
    first, last = rng.choice(_FIRST), rng.choice(_LAST) + rng.choice(_LAST_END)
    city, postal_code, area = rng.choice(_CITIES)
    slug = "-".join(name.lower().translate(_ASCII).replace("& co. ", "").split()[:3])
    domain = f"{slug}-{number}.example"
    mail = f"{first[0]}.{last}@{domain}".lower().translate(_ASCII)
    return [
        name,
        rng.choice((f"https://www.{domain}", f"www.{domain}", domain, "")),
        trade,
        rng.choice(_SIZES),
        f"{rng.choice(_LAST)}weg {rng.randrange(1, 99)}",
        postal_code,
        city,
        rng.choice(("Deutschland", "Deutschland", "D", "Germany")),
        rng.choice(("Herr", "Frau")),
        first,
        last,
        rng.choice(_TITLES),
        rng.choice((mail, mail, mail.upper(), f" {mail} ", f"mailto:{mail}", "")),
        rng.choice((f"{area}-{rng.randrange(1000):03d}", f"'+49 {area[1:]}{rng.randrange(1000):03d}", "", "k.A.")),
        rng.choice(_NOTES),
        rng.choice(_STATUS),
    ]


def _spoilt(row: list[str], rng: random.Random) -> list[str]:
    """Take away what names the lead."""
    kept = ["", "", *row[2:12], rng.choice(("", "folgt", "info(at)firma")), row[13], row[14], row[15]]
    return kept if rng.random() < 0.8 else [""] * len(row)


def rows(seed: int = 2026) -> list[list[str]]:
    """Make all data rows; the same seed makes the same rows."""
    rng = random.Random(seed)
    made: list[list[str]] = []
    for number in range(ROWS):
        chance = rng.random()
        if chance < 0.02:
            made.append(_spoilt(_row(number, rng), rng))
        elif chance < 0.05 and made:
            made.append([cell.upper() if position == 12 else cell for position, cell in enumerate(rng.choice(made))])
        else:
            made.append(_row(number, rng))
    return made


def write(target: Path = TARGET) -> None:
    """Write the file."""
    with target.open("w", encoding="cp1252", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerows(PREAMBLE)
        writer.writerow(HEADER)
        writer.writerows(rows())


if __name__ == "__main__":
    write()
