"""The forms that ask for a file offer those in the upload directory.

A form's schema is the server's: it is written when the deployments are registered, and again by a running `up` when the
files are others. Any other name may be typed beside them, so a file that has just come is never refused.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.prefect_api import PrefectAPI
from core.errors import ProviderError

_OFFERED = 200
_HIDDEN = (".", "~")


class UploadForms:
    """Keeps the forms of a server in step with a directory.

    Args:
        api: of the server.
        directory: of the uploads; it need not be there.
    """

    def __init__(self, api: PrefectAPI, directory: Path) -> None:
        self._api = api
        self._directory = directory
        self._offered: list[str] | None = None

    def refresh(self) -> None:
        """Offer the files that are there, the newest first; nothing where they are offered already.

        A server that does not answer is asked again the next time.
        """
        names = files_in(self._directory)
        if names == self._offered:
            return
        try:
            for deployment in self._api.pages("/deployments/filter", {"sort": "NAME_ASC"}):
                schema = deployment.get("parameter_openapi_schema") or {}
                if offer(schema, names):
                    self._api.patch(f"/deployments/{deployment['id']}", {"parameter_openapi_schema": schema})
        except ProviderError:
            return
        self._offered = names


def files_in(directory: Path) -> list[str]:
    """Return the names of the files in a directory, the newest first, as many as a person may choose from."""
    try:
        found = [(path.stat().st_mtime, path.name) for path in directory.iterdir() if path.is_file()]
    except OSError:
        return []
    names = [name for _, name in sorted(found, reverse=True) if not name.startswith(_HIDDEN)]
    return [name for name in names if not name.endswith(".part")][:_OFFERED]


def offer(schema: dict[str, Any], names: Sequence[str]) -> bool:
    """Put files into a form's schema as what may be chosen for `path`; return whether it asks for one."""
    paths = [
        form["properties"]["path"]
        for form in (schema.get("definitions") or {}).values()
        if "path" in form.get("properties", {}) and "mapping" in form["properties"]
    ]
    for path in paths:
        path.pop("type", None)
        path.pop("format", None)
        path.pop("anyOf", None)
        typed = {"type": "string", "title": "Another file"}
        chosen = {"type": "string", "title": "A file in the upload directory", "enum": list(names)}
        path.update({"anyOf": [chosen, typed]} if names else {"type": "string"})
    return bool(paths)
