"""The documents say what is there."""

import re
from pathlib import Path

import pytest

from app.main import COMMANDS
from core.settings.sections import is_tuning, variables
from integrations.plugs import PLUGS, sections
from scripts import demo_leads, env_example, provider_docs

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST_PROVIDERS = 16
COMMANDS_PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def test_env_example_is_the_settings() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_example.render()
    assert env_example.TUNING.read_text(encoding="utf-8") == env_example.render_tuning()


def test_the_page_of_providers_is_the_plugs() -> None:
    assert provider_docs.TARGET.read_text(encoding="utf-8") == provider_docs.render()


def test_what_users_set_fits_a_head() -> None:
    """At most 80 with the first providers; each later part, and each further provider, may add five."""
    wanted = [name for section in sections() for name, field in variables(section).items() if not is_tuning(field)]
    assert len(wanted) <= 80 + 5 * max(len(PLUGS) - FIRST_PROVIDERS, 0)


def test_demo_file_is_what_its_program_makes(tmp_path: Path) -> None:
    shipped = demo_leads.TARGET.read_bytes()
    assert shipped.decode("cp1252").count("\r\n") > demo_leads.ROWS
    demo_leads.write(tmp_path / "leads.csv")
    assert (tmp_path / "leads.csv").read_bytes() == shipped


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"sales-agent {command}" in COMMANDS_PAGE


def test_every_make_target_in_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE))
    assert named
    assert [target for target in named if f"\n{target}:" not in makefile] == []


def test_links_in_the_documents_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page}: {link}"


def test_tracked_text_names_no_machine() -> None:
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "core").rglob("*.py")]
    for page in pages:
        assert not re.search(r"/(root|work|home)/", page.read_text(encoding="utf-8")), page
