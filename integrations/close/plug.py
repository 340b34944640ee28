"""Close, the CRM, as a plug: what is true of it alone."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, SecretStr

from core.crm.offers import CRMOffer
from core.errors import ConfigurationError
from core.settings.providers import ProviderSettings, own_default
from integrations.checking import KeyCheck, key_check
from integrations.plug import Examination, Plug, PlugContext, Reader, Webhook

if TYPE_CHECKING:
    from integrations.close.client import CloseClient
    from integrations.close.crm import CloseCRM

NAME = "close"


class CloseSettings(ProviderSettings):
    """Close, the CRM."""

    prefix: ClassVar[str] = "CLOSE_"

    base_url: str = own_default("base_url", "https://api.close.com/api/v1")
    rate_limits: str = own_default("rate_limits", "window=20/1")
    own_id_field: str = Field(
        default="Sales Agent ID", description="Name of the text custom field, on leads and contacts, that holds our ids"
    )
    webhook_key: SecretStr | None = Field(default=None, description="Signature key of the webhook, 64 hex digits")


async def open_client(opening: PlugContext) -> "CloseClient":
    """Open a client. Raises ProviderNotConfigured."""
    from integrations.close.client import CloseClient

    section = opening.read(CloseSettings)
    key, guard = section.key(), opening.guard(NAME)
    client = CloseClient(section.base_url, key, guard, own_id_field=section.own_id_field, timeout_s=section.timeout_s)
    return await opening.stack.enter_async_context(client)


async def _open_crm(opening: PlugContext, **_given: Any) -> "CloseCRM":
    from integrations.close.crm import CloseCRM

    return CloseCRM(await open_client(opening))


async def _ask(examination: Examination) -> KeyCheck:
    complaint = await (await _open_crm(examination)).check()
    return KeyCheck() if complaint is None else KeyCheck(complaint=complaint.detail, advice=complaint.advice)


def _webhook_key(reader: Reader) -> str:
    key = reader.read(CloseSettings).webhook_key
    if key is None:
        raise ConfigurationError("set CLOSE_WEBHOOK_KEY to the signature key of the webhook subscription")
    return key.get_secret_value()


def _is_genuine(key: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    from integrations.close.signing import is_genuine

    return is_genuine(key, headers, body, now)


PLUG = Plug(
    name=NAME,
    title="Close",
    sections=(CloseSettings,),
    words=(NAME,),
    client=open_client,
    ports={"crm": _open_crm},
    crm=CRMOffer(NAME),
    webhook=Webhook("/close", _webhook_key, _is_genuine),
    check=key_check(NAME, _ask),
)
