"""Write the JSON Schema of `icp.yaml` to docs/icp.schema.json: `python -m scripts.icp_schema`. A test compares it."""

import json
from pathlib import Path

from core.qualification.icp import json_schema

FILE = Path(__file__).parent.parent / "docs" / "icp.schema.json"


def rendered() -> str:
    """Return the schema as it stands in the file."""
    return json.dumps(json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(rendered(), encoding="utf-8")
