"""The CRM of `crm.yaml`, and no other, whatever keys are set."""

import asyncio
from pathlib import Path

import pytest

from core.config_files import parse_config
from core.crm.config import CrmConfig
from core.errors import ConfigurationError, InvalidConfig
from tasks.runtime.crm_offers import CRMS
from tasks.runtime.crm_opening import open_crm

TEXT = "provider: {}\ndirectory: {}\nleads: {{fields: [{{ours: company_name, theirs: name}}]}}\n"


def opened(config: CrmConfig) -> str:
    async def name() -> str:
        async with open_crm(config) as crm:
            return crm.name

    return asyncio.run(name())


def test_an_unknown_name_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="no CRM 'hubspot'; known are close, directory"):
        parse_config(TEXT.format("hubspot", tmp_path), CrmConfig, path="crm.yaml", context=CRMS)
    config = parse_config(TEXT.format("directory", tmp_path), CrmConfig, path="crm.yaml", context=CRMS)
    assert opened(config) == "directory"
    with pytest.raises(ConfigurationError, match="no CRM 'hubspot'; known are close, directory"):
        opened(config.model_copy(update={"provider": "hubspot"}))


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    config = parse_config(TEXT.format("directory", tmp_path / "none"), CrmConfig, path="crm.yaml", context=CRMS)
    with pytest.raises(ConfigurationError, match="there is no directory"):
        opened(config)
