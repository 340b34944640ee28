"""A first profile is the example with what a person said, and one that can be used."""

from core.config_files import parse_config
from core.qualification.icp import Profile
from core.qualification.profiles import example_text
from core.qualification.starting_profiles import starting_profile


def read(text: str) -> Profile:
    return parse_config(text, Profile, path="icp.yaml")


def test_nothing_said_is_the_example() -> None:
    assert starting_profile() == example_text()


def test_what_is_said_takes_its_place_and_the_rest_stays() -> None:
    profile = read(
        starting_profile(
            name='Our "best"',
            industries=["Maschinenbau", "a: b, {c}", "#x"],
            regions=["DACH", "France"],
            employees=(20, 400),
        )
    )
    example = read(example_text())
    assert profile.name == 'Our "best"'
    assert [part.label for part in profile.criteria] == [part.label for part in example.criteria]
    industry, size, _, region, *_ = profile.criteria
    assert industry.one_of is not None
    assert [choice.words[0] for choice in industry.one_of.values] == ["Maschinenbau", "a: b, {c}", "#x"]
    assert size.bands is not None
    assert len(size.bands.bands) == 1
    assert region.regions is not None
    assert len(region.regions.values) == 2
    assert profile.disqualifiers == example.disqualifiers


def test_an_industry_that_the_example_knows_keeps_its_other_names() -> None:
    industry = read(starting_profile(industries=["machinery"])).criteria[0]
    assert industry.one_of is not None
    (choice,) = industry.one_of.values
    assert choice.words[0] == "machinery"
    assert "Maschinenbau" in choice.words
