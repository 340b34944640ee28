"""The words that job titles are made of, of all languages (`titles` in the lexicon), folded: for `titles`.

A phrase stands for a whole part of a title ("chief executive officer"); heads and areas combine ("head" + "finance").
Sources: company registers' and Wikipedia's lists of corporate titles in each language.
"""

from core.text.lexicons import folded

CEO, COO, CFO, CTO = folded("titles.ceo"), folded("titles.coo"), folded("titles.cfo"), folded("titles.cto")
VP_FINANCE = folded("titles.vp_finance")
PRESIDENT, OWNER = folded("titles.president"), folded("titles.owner")
NEUTRAL = folded("titles.neutral")
"""Words beside a phrase that change nothing: "Interim CEO", "Group CFO", "technischer Geschäftsführer"."""
HEADS = folded("titles.heads")
"""What stands before or after an area: "Head of Finance", "Finance Director"."""
HEADS_AFTER, BEFORE_HEAD = folded("titles.heads_after"), folded("titles.before_head")
CONNECTORS, AREA_NEUTRAL = folded("titles.connectors"), folded("titles.area_neutral")
FINANCE, OPERATIONS = folded("titles.finance"), folded("titles.operations")
PAST, NOW = folded("titles.past"), folded("titles.now")
COMING = folded("titles.coming")
"""Says that somebody will hold the post: "CEO-elect", "CEO (designate)"."""
SUBORDINATE = folded("titles.subordinate")
"""Somebody beside or below the post: what follows is the post they serve, not the one they hold."""
REGIONS, AREAS = folded("titles.regions"), folded("titles.areas")
JOBS = folded("titles.jobs")
"""Words that make a text a job title at all."""
CREDENTIALS = folded("titles.credentials")
LEADING, ON_THE_BOARD = folded("titles.leading"), folded("titles.on_the_board")
CARRIES_A_FIELD = tuple(sorted(folded("titles.carries_a_field")))
"""Beginnings of titles that may carry a field of work: "Geschäftsführer Technik"."""
