"""A directory of JSON files as a plug: a CRM without a server."""

from typing import TYPE_CHECKING

from core.crm.offers import CRMOffer
from core.errors import ConfigurationError
from integrations.plug import Plug, PlugContext

if TYPE_CHECKING:
    from core.crm.config import CrmConfig
    from integrations.json_directory.crm import JsonDirectory

NAME = "directory"


async def _open_crm(opening: PlugContext, *, config: "CrmConfig") -> "JsonDirectory":  # noqa: ARG001 - nothing is shared
    from integrations.json_directory.crm import JsonDirectory

    if config.directory is None or not config.directory.is_dir():
        raise ConfigurationError(f"crm.yaml: there is no directory {config.directory or ''}: make it, or name another")
    return JsonDirectory(config.directory)


PLUG = Plug(
    name=NAME,
    title="A directory of JSON files",
    words=("json_directory", "jsondirectory"),
    ports={"crm": _open_crm},
    crm=CRMOffer(NAME, needs=(("directory", "say where the JSON files are"),)),
)
