"""Tracing follows our own settings, not whatever LangChain would read from the machine."""

from pathlib import Path

import pytest
from forked import sales_agent
from importing import load

from sandbox.server import SandboxControl


@pytest.fixture
async def place(database: str, home: Path, sandbox: SandboxControl) -> dict[str, str]:
    row = {"key": "k1", "company_name": "Firm A", "contact_name": "Kim Sample", "contact_email": "kim@firm.example"}
    await load(database, [row])
    address = {name: value for name, value in sandbox.environment.items() if name.startswith("LANGSMITH_")}
    return {**address, "POSTGRES_URL": database}


def traced(sandbox: SandboxControl) -> str:
    return str(sandbox.state("langsmith")["runs"])


def test_a_graph_is_traced_where_that_is_asked_for_and_names_nobody(
    place: dict[str, str], home: Path, sandbox: SandboxControl
) -> None:
    done = sales_agent("agent", "run", "growth", "--rules", home=home, LANGSMITH_TRACING="true", **place)
    assert done.returncode in (0, 3), done.stderr
    assert "research" in traced(sandbox)
    assert "kim@firm.example" not in traced(sandbox)


def test_no_variable_of_langchains_switches_it_on(place: dict[str, str], home: Path, sandbox: SandboxControl) -> None:
    variables = {"LANGCHAIN_TRACING_V2": "true", "LANGSMITH_TRACING_V2": "true", "LANGCHAIN_API_KEY": "ls-key"}
    endpoint = {"LANGCHAIN_ENDPOINT": place["LANGSMITH_ENDPOINT"]}
    done = sales_agent("agent", "run", "growth", "--rules", home=home, **place, **variables, **endpoint)
    assert done.returncode in (0, 3), done.stderr
    assert sandbox.requests("langsmith") == []
