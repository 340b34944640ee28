"""The environment is read once, and what is wrong with it is one line."""

from pathlib import Path

import pytest

from core.errors import InvalidSetting
from core.settings.environment import RENAMED, Environment, SettingOrigin
from core.settings.sections import variables
from core.settings.settings import Settings
from core.settings.shown import shown_settings
from integrations.plugs import sections
from integrations.websites.plug import WebsiteSettings

NOBODY: dict[str, str] = {}


def test_the_process_goes_before_the_file_and_the_file_before_the_default() -> None:
    given = Environment({"POSTGRES_POOL_MAX": "7"}, {"POSTGRES_POOL_MAX": "9", "POSTGRES_POOL_MIN": "2"})
    found = Settings(given).postgres
    assert (found.pool_max, found.pool_min, found.connect_timeout_s) == (7, 2, 10)
    assert given.find("POSTGRES_POOL_MAX")[1] is SettingOrigin.PROCESS
    assert given.find("POSTGRES_POOL_MIN")[1] is SettingOrigin.FILE
    assert given.find("POSTGRES_CONNECT_TIMEOUT_S") == (None, SettingOrigin.DEFAULT)


def test_names_count_in_any_case_and_an_empty_value_is_none() -> None:
    given = Environment({"websites_page_budget": "3", "WEBSITES_DELAY_S": ""}, NOBODY)
    assert Settings(given).read(WebsiteSettings).page_budget == 3
    assert Settings(given).read(WebsiteSettings).delay_s == 1.0


def test_a_file_in_the_working_directory_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("MEETINGS_MINUTES='45'  # long ones\n", encoding="utf-8")
    assert Environment.of_process().find("MEETINGS_MINUTES") == ("45", SettingOrigin.FILE)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(b"SMTP_SENDER=J\xf6rg")
    with pytest.raises(InvalidSetting, match=r"^\.env cannot be read"):
        Environment.of_process()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("MEETINGS_TIMEZONE", "Berlin", "'Berlin' is no time zone"),
        ("POSTGRES_POOL_MAX", "many", "POSTGRES_POOL_MAX cannot be 'many': it must be a whole number, 1 or more, 500"),
        ("POSTGRES_POOL_MAX", "0", "POSTGRES_POOL_MAX cannot be '0': it must be a whole number, 1 or more"),
        ("WEBSITES_DELAY_S", "1,5", "WEBSITES_DELAY_S cannot be '1,5': it must be a number"),
        ("WEBSITES_RENDER", "maybe", "WEBSITES_RENDER cannot be 'maybe': it must be true or false"),
        ("CLOSE_RETRY", "wild", "CLOSE_RETRY cannot be 'wild': it must be one of standard, conservative, aggressive"),
        ("CLOSE_RATE_LIMITS", "fast", "'fast' is no limit: write name=calls/seconds"),
        ("MEETINGS_OPENS", "noon", "MEETINGS_OPENS cannot be 'noon': it must be a time of day as 09:00"),
        ("IMPORT_DEFAULT_COUNTRY", "Atlantis", "'Atlantis' is no country we know: give its ISO 3166 code"),
        ("AGENTS_MAX_USD", "0", "AGENTS_MAX_USD cannot be '0': it must be a number, more than 0"),
        ("BUDGET_DAY_USD", "-1", "BUDGET_DAY_USD cannot be '-1': it must be a number, 0 or more"),
        ("POSTGRES_URL", "mysql://u:secret@h/d", "POSTGRES_URL cannot be what it is set to: an address begins with"),
        ("SUPPRESSION_KEY", "short", "SUPPRESSION_KEY cannot be what it is set to: it must be text, 32 characters"),
    ],
)
def test_a_wrong_value_is_one_line(variable: str, value: str, said: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        shown_settings(sections(), Environment({variable: value}, NOBODY))
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_several_wrong_values_of_a_section_are_all_named() -> None:
    with pytest.raises(InvalidSetting, match=r"POSTGRES_POOL_MIN.*; POSTGRES_POOL_MAX"):
        Settings(Environment({"POSTGRES_POOL_MIN": "x", "POSTGRES_POOL_MAX": "y"}, NOBODY))


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_an_old_name_is_read_and_answered_with_the_new_one(old: str, new: str) -> None:
    section = next(section for section in sections() if new in variables(section))
    given = Environment({old: "local"}, NOBODY)
    given.read(section)
    assert given.find(new) == ("local", SettingOrigin.PROCESS)
    assert given.notices == [f"{old} is called {new} now: rename it in the environment"]


def test_every_setting_is_shown_once_with_its_origin_and_no_secret() -> None:
    rows, notices = shown_settings(
        sections(), Environment({"CLOSE_API_KEY": "api_secret", "BUDGET_DAY_USD": ""}, NOBODY)
    )
    shown = {str(row["setting"]): row for row in rows}
    assert len(shown) == len(rows)
    assert notices == ()
    assert shown["CLOSE_API_KEY"] == {
        "setting": "CLOSE_API_KEY",
        "value": "set, not shown",
        "from": "environment",
        "tuning": False,
        "what": "Key. Empty: the provider is off",
    }
    assert (shown["BUDGET_DAY_USD"]["value"], shown["BUDGET_DAY_USD"]["from"]) == ("", "environment")
    assert (shown["CLOSE_TIMEOUT_S"]["from"], shown["CLOSE_TIMEOUT_S"]["tuning"]) == ("default", True)
    assert "api_secret" not in str(rows)


def test_every_setting_says_what_it_is() -> None:
    assert [name for section in sections() for name, field in variables(section).items() if not field.description] == []
