"""Which profile counts: the one that is asked for, else the team's own, else the example that ships."""

from importlib.resources import files
from pathlib import Path

from core.config_files import parse_config
from core.qualification.icp import Profile, read_profile
from core.settings.settings import Settings
from core.text.regions import GROUPS, countries_of

FILE_NAME = "icp.yaml"
_EXAMPLES = {"default": "icp_example.yaml", "rubric": "icp_rubric_example.yaml"}


def example_text(which: str = "default") -> str:
    """Return an example profile as it stands: `default` or `rubric`."""
    return files("core.qualification").joinpath(_EXAMPLES[which]).read_text(encoding="utf-8")


def current_profile(asked_for: Path | None, settings: Settings) -> Profile:
    """Return the profile to score by.

    Args:
        asked_for: a file; None: the one of the settings, else `icp.yaml` in the data directory, else the example.
        settings: the installation's.

    Raises:
        InvalidConfig: it cannot be read or is no profile.
    """
    path = asked_for or settings.qualification.icp
    own = settings.home / FILE_NAME
    if path is None and own.exists():
        path = own
    return read_profile(path) if path else parse_config(example_text(), Profile, path="the example profile")


def doubts_of(profile: Profile) -> tuple[str, ...]:
    """Return, each in a line, what a profile may say and probably does not mean: countries that nobody knows."""
    doubts: dict[str, None] = {}
    for part in (*profile.criteria, *profile.disqualifiers):
        if not part.is_about_country or part.one_of is None or part.one_of.match != "whole":
            continue
        for word in (word for choice in part.one_of.values for word in choice.words):
            if not countries_of(word):
                said = f"{word!r} is no country we know and none of {', '.join(GROUPS)}: check how it is written"
                doubts[f"{part.label}: {said}"] = None
    return tuple(doubts)
