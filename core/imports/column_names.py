"""Small sets of words that tell kinds of cells apart (`cells` in the lexicon): given names, salutations, states."""

from core.text.countries import country_words
from core.text.lexicons import words

FIRST_NAMES = words("cells.given_names")
HONORIFICS = words("cells.honorifics")
STATUS_WORDS = words("cells.lead_states")
SIZE_WORDS = words("cells.company_sizes")
COUNTRIES = country_words()
