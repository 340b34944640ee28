"""Files that a form names: only those in the data directory."""

from pathlib import Path

from prefect import runtime

from core.errors import ConfigurationError
from core.settings.settings import settings


def allowed_config(path: Path | None) -> Path | None:
    """Resolve what a form names: only files in the data directory. Python and the command line may name any file."""
    if path is None or runtime.deployment.id is None:
        return path
    home = settings().home.resolve()
    resolved = (home / path).resolve()
    if not resolved.is_relative_to(home) or resolved.suffix not in {".yaml", ".yml"}:
        raise ConfigurationError(f"a form can only name YAML files in the data directory, not {path}")
    return resolved
