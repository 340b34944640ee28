"""Write the JSON Schema of `enrichment.yaml` to docs/: `python -m scripts.enrichment_schema`. A test compares it."""

import json
from pathlib import Path

from core.enrichment.config import json_schema
from tasks.enrichment.offers import OFFERS

FILE = Path(__file__).parent.parent / "docs" / "enrichment.schema.json"


def rendered() -> str:
    """Return the schema as it stands in the file."""
    return json.dumps(json_schema(OFFERS), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(rendered(), encoding="utf-8")
