"""Words that are not parts of a person's name though they are often written with capitals. Data for `core.text.names`.

Of all languages (`names` in the lexicon), folded. Headings, menu entries, buttons, kinds of organisation, places and
trades. Words that are also common names (Grace, Mark, Young, Rose, Art) are left out on purpose.
"""

from core.text.lexicons import folded
from core.text.title_words import AREAS, JOBS, REGIONS

COMMON = folded("names.common")
"""Words of headings, menus and running text."""
NOT_NAMES = COMMON | JOBS | (AREAS - folded("names.area_but_name")) | REGIONS
"""No name that consists of capitalised words holds one of these, a few exceptions apart (see `core.text.names`)."""
PARTICLES = folded("names.particles")
UNSPACED_SURNAMES = folded("names.unspaced_surnames")
"""Family names of languages that write whole names without a space, family name first."""
UNSPACED_HONORIFICS = folded("names.unspaced_honorifics")
OPENING_PARTICLES = folded("names.opening_particles")
"""Those that a name may begin with."""
HONORIFICS = folded("names.honorifics")
PLAIN_HONORIFICS = folded("names.plain_honorifics")
"""Honorifics that are no name when written without a full stop."""
AFTER_HONORIFIC = folded("names.after_honorific")
SURNAMES = folded("names.surnames")
"""Common words that are also family names: in the last place they do not speak against a name ("Peter Stone")."""
GIVEN = folded("names.given")
"""Common words that are also given names: they do not speak against a name."""
NO_NAME_ENDINGS = tuple(sorted(folded("names.no_name_endings")))
