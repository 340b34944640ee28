"""A country is read however it is written, and only where the text says one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.countries import country_code, country_name, country_words, is_whole_country
from core.text.country_readings import country, country_key, known_code, migrated_country, read_country, shown_country

CODES = sorted({code for word in country_words() if (code := country_code(word))})

WHOLE = [
    # Codes, names, formal names, abbreviations, in many languages and scripts.
    *(("DE", text) for text in ("de", "DEU", "D", "GER", "BRD", "Deutschland", "Federal Republic of Germany")),
    *(("DE", text) for text in ("Německo", "Németország", "Saksamaa", "Njemačka", "ألمانيا", "ドイツ", "जर्मनी")),
    *(("US", text) for text in ("U.S.A.", "u.s.", "the United States", "США", "Yhdysvallat", "미국")),
    *(("GB", text) for text in ("UK", "U.K.", "Great Britain", "Vereinigtes Königreich", "Spojené království")),
    ("GB", "United Kingdom of Great Britain and Northern Ireland"), ("KR", "Korea, Republic of"),
    ("KP", "Korea, Democratic People's Republic of"), ("CD", "Congo, the Democratic Republic of the"),
    ("IR", "Iran (Islamic Republic of)"), ("TZ", "Tanzania, United Republic of"), ("BS", "Bahamas, The"),
    ("MK", "Macedonia, the former Yugoslav Republic of"), ("VI", "Virgin Islands, U.S."), ("CI", "Côte d’Ivoire"),
    ("MD", "Moldova, Republic of"), ("LA", "Lao People's Democratic Republic"), ("TW", "Republic of China"),
    ("AT", "Republik Österreich"), ("PL", "République de Pologne"), ("BE", "Königreich Belgien"),
    ("TR", "TÜRKİYE"), ("BA", "Bosnia & Herzegovina"), ("IE", "Republic of Ireland"), ("MM", "Burma"),
    # Said twice, by a flag, in a language's code.
    ("DE", "Germany (DE)"), ("DE", "DE - Germany"), ("DE", "D-Deutschland"), ("AT", "Österreich / Austria"),
    ("DE", "🇩🇪"), ("DE", "🇩🇪 Germany"), ("GB", "en-GB"), ("BR", "pt_BR"), ("TW", "zh_Hant_TW"), ("LU", "L"),
    # Territories with a code of their own, alone and with whom they belong to.
    ("HK", "Hong Kong, China"), ("PR", "Puerto Rico, USA"), ("JE", "Jersey"), ("GL", "Grønland"), ("RE", "La Réunion"),
]  # fmt: skip
MORE = [
    ("GB", "England"), ("GB", "Scotland, UK"), ("GB", "GB-ENG"), ("GB", "Northern Ireland"), ("CD", "Zaire"),
    ("GB", "Ireland, Northern"), ("DE", "DE-BY"), ("DE", "DDR"), ("DE", "West Germany"), ("DE", "Berlin, Germany"),
    ("US", "Remote (US)"), ("US", "Georgia, USA"), ("US", "Austin, TX, US"), ("US", "California"), ("CA", "Ontario"),
    ("ES", "Canary Islands"), ("PT", "Madeira"), ("US", "United States (Texas)"),
]  # fmt: skip
NONE = [
    "", "-", "n/a", "na", "Atlantis", "EU", "DACH", "Europe", "Worldwide", "Alle", "English", "49", "+49", "276",
    "Germany, Austria", "US/Canada", "Germany and Austria", "USSR", "Yugoslavia", "Czechoslovakia", "State of Georgia",
    "Los Angeles, CA", "Boston, MA", "Atlanta, Georgia", "D-10115", "🇩🇪 🇦🇹", "🇩🇪 Austria", "x" * 5_000,
]  # fmt: skip


@pytest.mark.parametrize(("code", "text"), WHOLE)
def test_a_country_is_read_however_it_is_written(code: str, text: str) -> None:
    assert read_country(f" {text} ") == (code, True)


@pytest.mark.parametrize(("code", "text"), MORE)
def test_what_says_more_than_the_country_gives_it_and_is_not_all(code: str, text: str) -> None:
    assert read_country(text) == (code, False)


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_country_or_several_is_none(text: str) -> None:
    assert read_country(text) == (None, False)
    assert migrated_country(text) is None


@pytest.mark.parametrize("code", CODES)
def test_every_code_and_every_name_is_read_again(code: str) -> None:
    assert len(CODES) == 250, "249 of ISO 3166-1, and Kosovo"
    assert (country(code), country(country_name(code)), migrated_country(country_name(code))) == (code, code, code)
    assert read_country(country_name(code)).is_all
    assert shown_country(code) == country_name(code)


def test_every_listed_name_is_one_countrys() -> None:
    for word in country_words():
        code = country_code(word)
        assert country(word.upper() if len(word) == 2 else word) in (code, None), word


@given(st.text(max_size=60) | st.sampled_from([text for _, text in (*WHOLE, *MORE)]))
def test_reading_is_total_and_what_is_stored_is_read_as_itself(text: str) -> None:
    code = country(text)
    assert code is None or (country(code) == code and country_key(text) == code)
    assert country_key(shown_country(text)) == country_key(text)


def test_who_configures_a_country_is_told_of_a_wrong_one() -> None:
    assert known_code("Deutschland") == "DE"
    with pytest.raises(ValueError, match="'Atlantis' is no country we know: give its ISO 3166 code"):
        known_code("Atlantis")


def test_a_part_of_a_country_is_not_the_whole() -> None:
    assert is_whole_country("Germany")
    assert not is_whole_country("East Germany")
    assert not is_whole_country("Germany, West")
    assert not is_whole_country("Atlantis")
