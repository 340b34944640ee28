"""Webhooks of the configured CRM: where it posts them, and whether a delivery is its own. Imports no Prefect."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from core.errors import ConfigurationError
from core.settings.settings import settings
from integrations import plugs
from integrations.plug import Webhook


@dataclass(frozen=True, slots=True)
class Receiver:
    """What takes a CRM's deliveries.

    Attributes:
        path: where the CRM posts them.
    """

    path: str
    _webhook: Webhook
    _key: str

    def is_genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Return, from lower-case headers and the raw body, whether a delivery is the CRM's own."""
        return self._webhook.is_genuine(self._key, headers, body, datetime.now(UTC))


def receiver(provider: str) -> Receiver:
    """Return what takes the deliveries of a CRM.

    Raises:
        ConfigurationError: there is no such CRM, it posts nothing, or its signature key is not set.
    """
    webhook = plugs.chosen("crm", provider, where="crm.yaml").webhook
    if webhook is None:
        senders = ", ".join(name for name, plug in plugs.offering("crm").items() if plug.webhook)
        raise ConfigurationError(f"crm.yaml says provider: {provider}, which sends no webhooks; these do: {senders}")
    return Receiver(webhook.path, webhook, webhook.key(settings()))
