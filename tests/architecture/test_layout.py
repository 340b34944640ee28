"""The rules of the house that no general linter knows."""

import ast
import importlib
import importlib.util
import re
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PACKAGES = ("app", "flows", "tasks", "agents", "db", "integrations", "langgraph_prefect", "core")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
ALL = sorted(
    path.relative_to(ROOT)
    for path in ROOT.rglob("*.py")
    if not any(part.startswith(".") or part == "build" for part in path.relative_to(ROOT).parts)
)
"""Every file of ours, also those of the sandbox, the tests, the benchmarks and the scripts."""
LONGEST = 400
MIRRORED = ("core/discovery", "core/text")
DEPLOYMENTS = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]


@pytest.mark.parametrize("package", PACKAGES)
def test_root_packages_are_this_repositorys(package: str) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    assert ROOT / package in [Path(place) for place in spec.submodule_search_locations]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment["name"])
def test_every_entrypoint_loads_and_is_named_after_its_flow(deployment: dict[str, str]) -> None:
    path, name = deployment["entrypoint"].split(":")
    flow = getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), name)
    assert Path(path).stem == name
    assert flow.name == deployment["name"] == name.replace("_", "-")
    assert flow.isasync


def test_every_flow_is_deployed() -> None:
    entrypoints = {deployment["entrypoint"].split(":")[0] for deployment in DEPLOYMENTS}
    files = {f"flows/{path.name}" for path in (ROOT / "flows").glob("*.py") if path.stem != "__init__"}
    assert files == entrypoints


def test_no_flow_shadows_another_module() -> None:
    """Prefect imports a flow's file under its bare name and puts flows/ first on the path."""
    stems = {path.stem for path in (ROOT / "flows").glob("*.py")} - {"__init__"}
    assert stems.isdisjoint(sys.stdlib_module_names)
    assert [
        stem for stem in stems if (found := importlib.util.find_spec(stem)) and "flows" not in str(found.origin)
    ] == []


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "__init__.py"], ids=str)
def test_an_init_holds_one_docstring_and_nothing_else(path: Path) -> None:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    assert len(body) == 1
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "helpers", "common", "base", "manager", "misc"}
    assert [path for path in MODULES if path.stem in drawers] == []


def test_a_flow_neither_catches_nor_computes() -> None:
    forbidden = (ast.Try, ast.For, ast.While, ast.BinOp)
    for path in (ROOT / "flows").glob("*.py"):
        functions = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if hasattr(node, "body"))
        lines = (line for function in functions if isinstance(function, ast.AsyncFunctionDef) for line in function.body)
        assert [node for line in lines for node in ast.walk(line) if isinstance(node, forbidden)] == [], path


def test_broad_catches_give_their_reason() -> None:
    broad = re.compile(r"except( (Base)?Exception( as \w+)?)?:(?P<reason>.*)")
    for path in MODULES:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if match := broad.search(line):
                assert "#" in match["reason"], f"{path}:{number}"


def test_no_module_is_longer_than_one_holds_in_the_head() -> None:
    lengths = {str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in ALL}
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}


@pytest.mark.parametrize("folder", MIRRORED)
def test_every_module_has_a_unit_test_named_after_it(folder: str) -> None:
    package = folder.replace("/", ".")
    for stem in sorted({path.stem for path in (ROOT / folder).glob("*.py")} - {"__init__"}):
        test = ROOT / "tests" / folder / f"test_{stem}.py"
        assert test.is_file(), f"{folder}/{stem}.py has no {test.relative_to(ROOT)}"
        text = test.read_text(encoding="utf-8")
        assert f"{package}.{stem}" in text or re.search(rf"from {package} import .*\b{stem}\b", text), test
