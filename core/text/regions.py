"""Regions: groups of countries that sales teams speak of, and the states of countries that are written two ways.

Members of the European Union and the European Economic Area: europa.eu, "EU countries", November 2026. State codes:
ISO 3166-2:US and ISO 3166-2:CA.
"""

from core.text.countries import country_code
from core.text.folding import fold

_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"

GROUPS: dict[str, frozenset[str]] = {
    name: frozenset(codes.split())
    for name, codes in {
        "EU": _EU,
        "EEA": f"{_EU} IS LI NO",
        "DACH": "DE AT CH",
        "Benelux": "BE NL LU",
        "Nordics": "DK FI IS NO SE",
        "Baltics": "EE LV LT",
        "Iberia": "ES PT",
        "UK and Ireland": "GB IE",
        "North America": "US CA MX",
        "ANZ": "AU NZ",
    }.items()
}
"""Name -> ISO 3166 codes of its countries."""

_FOLDED = {fold(name): codes for name, codes in GROUPS.items()}

_STATES = {
    "US": (
        "AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware|FL Florida|"
        "GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|KY Kentucky|LA Louisiana|ME Maine|"
        "MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|MO Missouri|MT Montana|NE Nebraska|"
        "NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|NC North Carolina|ND North Dakota|OH Ohio|"
        "OK Oklahoma|OR Oregon|PA Pennsylvania|RI Rhode Island|SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|"
        "UT Utah|VT Vermont|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming|DC District of Columbia"
    ),
    "CA": (
        "AB Alberta|BC British Columbia|MB Manitoba|NB New Brunswick|NL Newfoundland and Labrador|NS Nova Scotia|"
        "ON Ontario|PE Prince Edward Island|QC Quebec|SK Saskatchewan"
    ),
}
_CODE_OF_STATE = {fold(entry[3:]): fold(entry[:2]) for states in _STATES.values() for entry in states.split("|")}
_COUNTRY_OF_STATE = {fold(entry[3:]): land for land, states in _STATES.items() for entry in states.split("|")}
_NAME_OF_STATE = {code: name for name, code in _CODE_OF_STATE.items()}


def countries_of(name: str) -> frozenset[str]:
    """Return the ISO codes that a country or group of countries stands for; empty where it is neither."""
    group = _FOLDED.get(fold(name))
    if group:
        return group
    code = country_code(name)
    return frozenset({code}) if code else frozenset()


def state_code(name: str) -> str | None:
    """Return the postal code of a state of the United States or a province of Canada; None for what is none."""
    key = state_key(name)
    return key.upper() if key in _NAME_OF_STATE else None


def state_key(name: str) -> str:
    """Return what compares states: 'California', 'CA' and 'US-CA' are one; other states by their name."""
    key = fold(name).removeprefix("us-").removeprefix("ca-")
    return _CODE_OF_STATE.get(key, key)


def country_of_state(name: str, *, by_code: bool = False) -> str | None:
    """Return the country of a state or province, as 'US' for 'California'; None for what is none.

    Args:
        name: of a state in full.
        by_code: whether it may be the state's code too: as many of them are codes of countries.
    """
    key = fold(name)
    if by_code:
        key = _NAME_OF_STATE.get(key, key)
    return _COUNTRY_OF_STATE.get(key)
