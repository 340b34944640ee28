"""What may stand in front of a name or a title in a line: "Vertreten durch", "Meet", "Contact:"."""

import re

LABEL_LEAD = re.compile(
    r"^(?:(?:gesetzlich |rechtlich )?vertreten durch(?: (?:den|die|ihre[n]?|seine[n]?))?|"
    r"vertretungsberechtigte[rn]?(?: person(?:en)?)?|represented by(?: (?:the|its|our))?|"
    r"(?:societe )?represente[e]? par|representant legal|legal representative[s]?|legally represented by|"
    r"representada por|rappresentata da|vertegenwoordigd door)\s*[:,]?\s*"
)
GREETING = re.compile(
    r"^(?:(?:meet|introducing|about|contact(?: person)?|your contact|kontakt|ansprechpartner(?:in)?|contacto|"
    r"contatto|contato|contactpersoon|attn\.?|name|nom|nombre|nome|naam)\s*[:.]?\s+)(?=\S)",
    re.IGNORECASE,
)
