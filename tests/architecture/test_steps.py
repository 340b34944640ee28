"""Steps stand in `steps.py` and nothing else does; what is only read needs no Prefect."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TASKS = sorted((ROOT / "tasks").rglob("*.py"))
STEPS = [path for path in TASKS if path.name == "steps.py"]
READERS = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in TASKS if path.name == "readers.py"]


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, kinds)]


def is_task(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    called = (each.func if isinstance(each, ast.Call) else each for each in node.decorator_list)
    return any(isinstance(each, ast.Name) and each.id == "task" for each in called)


@pytest.mark.parametrize("path", STEPS, ids=lambda path: path.parent.name)
def test_steps_are_tasks_and_nothing_else(path: Path) -> None:
    found = functions(path)
    assert found
    assert [node.name for node in found if not is_task(node)] == []


def test_no_task_stands_elsewhere() -> None:
    others = [path for path in TASKS if path not in STEPS]
    assert [f"{path}: {node.name}" for path in others for node in functions(path) if is_task(node)] == []


def test_readers_import_no_prefect() -> None:
    assert len(READERS) > 3
    code = f"import {', '.join(READERS)}, sys; print([name for name in sys.modules if name.startswith('prefect')])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.strip() == "[]"
