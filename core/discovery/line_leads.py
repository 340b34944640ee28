"""What may stand in front of a name or a title in a line: "Vertreten durch", "Meet", "Contact:"."""

import re

from core.text.lexicons import alternatives

LABEL_LEAD = re.compile(rf"^(?:{alternatives('lines.represented_by')})\s*[:,]?\s*")
GREETING = re.compile(rf"^(?:(?:{alternatives('lines.presents')})\s*[:.]?\s+)(?=\S)", re.IGNORECASE)
