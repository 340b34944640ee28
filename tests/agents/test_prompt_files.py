"""Prompts are files with parts and a version that changes with what they say."""

import pytest

from agents.prompt_files import read_prompt
from core.errors import ConfigurationError


def test_prompt_has_parts_and_a_version() -> None:
    prompt = read_prompt("qualification")
    assert list(prompt.parts) == ["system", "human", "repair"]
    assert all(prompt.parts.values())
    assert prompt.version.startswith("qualification-")
    assert len(prompt.version) == len("qualification-") + 12


def test_missing_prompt_is_said() -> None:
    with pytest.raises(ConfigurationError, match="the prompt none cannot be read"):
        read_prompt("none")
