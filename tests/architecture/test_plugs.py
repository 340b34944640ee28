"""What is derived from the list of plugs is derived, and what cannot be is compared with it."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.ledger.spend import Unit
from core.settings.environment import Environment
from core.settings.sections import variables
from core.settings.settings import Settings
from integrations import plugs
from integrations.plug import PORTS
from sandbox.provider import World
from sandbox.registry import every_provider
from tasks.runtime.readers import check_settings

ROOT = Path(__file__).parents[2]
FOLDERS = {path.parent.name for path in ROOT.glob("integrations/*/plug.py")}
SHARED = {"resilience", "chat_completions"}
"""Folders of `integrations` that are no provider's."""


def imported(package: str) -> set[str]:
    """Return the modules that are there after a module was imported in a process of its own."""
    code = f"import sys, {package}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_every_folder_of_a_provider_is_plugged_in() -> None:
    packages = {path.parent.name for path in ROOT.glob("integrations/*/__init__.py")}
    assert packages == FOLDERS | SHARED
    listed = (ROOT / "integrations" / "plugs.py").read_text(encoding="utf-8")
    assert [folder for folder in FOLDERS if f"from integrations.{folder} import plug as" not in listed] == []


def test_names_are_unique_and_ports_known() -> None:
    names = [plug.name for plug in plugs.PLUGS]
    assert len(set(names)) == len(names)
    assert {port for plug in plugs.PLUGS for port in plug.all_ports} <= set(PORTS)
    variable_names = [name for section in plugs.sections() for name in variables(section)]
    assert len(set(variable_names)) == len(variable_names)


def test_the_contract_of_providers_excepts_what_they_share_and_no_provider() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (contract,) = (one for one in settings["contracts"] if one["name"] == "providers are independent")
    assert contract["modules"] == ["integrations.*"]
    excepted = [line.split(" -> ") for line in contract["ignore_imports"]]
    assert excepted.pop() == ["integrations.plugs", "integrations.**"]
    modules = {path.stem for path in ROOT.glob("integrations/*.py")} - {"__init__", "guards", "plugs"}
    assert {importer for importer, _ in excepted} == {"integrations.**"}
    assert {name.split(".")[1] for _, name in excepted} == modules | SHARED


def test_whoever_is_called_over_http_has_a_stand_in() -> None:
    played = {provider.name for provider in every_provider(World())}
    assert [plug.name for plug in plugs.PLUGS if plug.over_http and plug.name not in played] == []


def held_to(contract: str) -> set[str]:
    """Return the names that subclasses of a contract give."""
    held = set()
    for path in ROOT.glob("tests/**/test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            match node:
                case ast.ClassDef(bases=[ast.Name(id=base)], body=body) if base == contract:
                    held |= {ast.unparse(one.value).strip("'") for one in body if isinstance(one, ast.Assign)}
    return held


def test_every_source_that_a_plug_offers_is_held_to_the_contract() -> None:
    assert {offer.name for plug in plugs.PLUGS for offer in plug.sources} - held_to("SourceContract") == set()


def test_every_crm_that_a_plug_offers_is_held_to_the_contract() -> None:
    assert {plug.crm.name for plug in plugs.PLUGS if plug.crm is not None} - held_to("CRMContract") == set()


def test_listing_the_plugs_loads_no_client_and_reading_for_the_doors_no_prefect() -> None:
    loaded = imported("integrations.plugs")
    heavy = {"httpx", "aiohttp", "langchain_core", "langsmith", "playwright", "prefect", "sqlalchemy", "numpy"}
    assert loaded & heavy == set()
    ours = {name for name in loaded if name.startswith("integrations.") and name.count(".") == 2}
    assert {name for name in ours if not name.endswith((".plug", ".offer", ".offers"))} == set()
    assert imported("tasks.runtime.readers") & heavy == set()


def test_a_unit_belongs_to_whoever_is_paid_in_it() -> None:
    assert plugs.paid_in(Unit.CREDITS, "credits") == ("apollo",)
    assert plugs.paid_in(Unit.CREDITS, "sessions") == ("browserbase",)
    assert plugs.paid_in(Unit.CREDITS, "stamps") == ()
    assert set(plugs.own_units()) >= {"credits", "sessions"}
    assert (plugs.word_of("browserbase", Unit.CREDITS), plugs.word_of("apollo", Unit.CALLS)) == ("sessions", "calls")
    assert plugs.word_of("nobody", Unit.CREDITS) == "credits"
    told = {str(budget) for budget in plugs.budgets(Settings(Environment({}, {})))}
    assert {"1 usd a run", "100 credits a run for apollo", "100 sessions a day for browserbase"} <= told


@pytest.mark.parametrize("port", [port for port in PORTS if plugs.offering(port)])
def test_an_unknown_name_is_answered_with_those_that_are_known(port: str) -> None:
    known = ", ".join(sorted(plugs.offering(port)))
    with pytest.raises(ConfigurationError, match=f"^X: there is no {PORTS[port]} 'acme'; known are {known}$"):
        plugs.chosen(port, "acme", where="X")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("SPEECH_TO_TEXT", "acme", "SPEECH_TO_TEXT: there is no provider of speech to text 'acme'; known are"),
        ("MODELS_WRITING", "acme:large", "MODELS_WRITING: there is no provider of language models 'acme'; known are"),
        ("APOLLO_RETRY", "wild", "APOLLO_RETRY cannot be 'wild'"),
    ],
)
def test_a_wrong_setting_of_a_provider_is_told_before_anything_begins(variable: str, value: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        check_settings(Settings(Environment({variable: value}, {})))
