"""The key of tombstones: configured, else made once and kept in the data directory."""

import os
import secrets
from contextlib import suppress

from core.errors import ConfigurationError
from core.outreach.suppression import TombstoneKey
from core.settings.outreach import TOMBSTONE_KEY_FILE
from core.settings.settings import settings


def has_tombstone_key() -> bool:
    """Return whether there is a key already; makes none."""
    return settings().outreach.suppression.key is not None or (settings().home / TOMBSTONE_KEY_FILE).exists()


def tombstone_key() -> TombstoneKey:
    """Return the key of tombstones.

    Raises:
        ConfigurationError: the file is there and holds no key.
    """
    configured = settings().outreach.suppression.key
    if configured is not None:
        return TombstoneKey(configured.get_secret_value().encode())
    path = settings().home / TOMBSTONE_KEY_FILE
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{secrets.token_hex(4)}")
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32))
        # A link is made whole or not at all, and never over the file of a process that was quicker.
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    text = path.read_text().strip()
    if len(text) < 64:
        raise ConfigurationError(f"{path} holds no key: bring it back from a backup, or set SUPPRESSION_KEY")
    return TombstoneKey(text.encode())
