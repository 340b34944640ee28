"""Plain HTTP clients of the sandbox, without any of our code."""

from collections.abc import Iterator

import anthropic
import httpx
import openai
import pytest
from cerebras.cloud import sdk as cerebras_sdk
from model_requests import COMPATIBLE

from sandbox.server import SandboxControl


@pytest.fixture(scope="session")
def plain() -> Iterator[httpx.Client]:
    """A client without any key; making one costs more than a call, so there is one for all."""
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def close_client(serving: SandboxControl) -> Iterator[httpx.Client]:
    url, key = serving.environment["CLOSE_BASE_URL"], serving.environment["CLOSE_API_KEY"]
    with httpx.Client(base_url=url, auth=(key, ""), trust_env=False) as client:
        yield client


@pytest.fixture
def close(sandbox: SandboxControl, close_client: httpx.Client) -> httpx.Client:
    return close_client


@pytest.fixture(scope="session")
def apollo_client(serving: SandboxControl) -> Iterator[httpx.Client]:
    url, key = serving.environment["APOLLO_BASE_URL"], serving.environment["APOLLO_API_KEY"]
    with httpx.Client(base_url=url, headers={"x-api-key": key}, trust_env=False) as client:
        yield client


@pytest.fixture
def apollo(sandbox: SandboxControl, apollo_client: httpx.Client) -> httpx.Client:
    return apollo_client


@pytest.fixture(scope="session")
def clients(serving):
    """The official SDKs with nothing changed but base URL and key; made once, for making one is slow."""
    found = serving.environment
    made = {
        "CEREBRAS": cerebras_sdk.Cerebras(
            api_key=found["CEREBRAS_API_KEY"],
            base_url=found["CEREBRAS_BASE_URL"],
            warm_tcp_connection=False,
            max_retries=0,
            timeout=60,
        ),
        "ANTHROPIC": anthropic.Anthropic(
            api_key=found["ANTHROPIC_API_KEY"], base_url=found["ANTHROPIC_BASE_URL"], max_retries=0, timeout=5
        ),
    }
    for name, _ in COMPATIBLE:
        key, url = found[f"{name}_API_KEY"], found[f"{name}_BASE_URL"]
        made[name] = openai.OpenAI(api_key=key, base_url=url, max_retries=0, timeout=60)
    yield made
    for client in made.values():
        client.close()


@pytest.fixture
def cerebras(sandbox, clients):
    return clients["CEREBRAS"]


@pytest.fixture
def claude(sandbox, clients):
    return clients["ANTHROPIC"]


@pytest.fixture
def compatible(sandbox, clients):
    return clients.__getitem__
