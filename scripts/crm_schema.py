"""Write the JSON Schema of `crm.yaml` to docs/crm.schema.json: `python -m scripts.crm_schema`. A test compares it."""

import json
from pathlib import Path

from core.crm.config import json_schema
from tasks.runtime.crm_offers import CRMS

FILE = Path(__file__).parent.parent / "docs" / "crm.schema.json"


def rendered() -> str:
    """Return the schema as it stands in the file."""
    return json.dumps(json_schema(CRMS), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(rendered(), encoding="utf-8")
