"""A conversation, turn by turn: what a guest means, what may be answered, and what is never said.

A model may choose among the playbook's topics, and which sentences of their answers fit. Each sentence it makes is held
against the answers: it has to be one of theirs, word for word but for articles. So there is nothing to talk it into.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from core.conversation.playbook import MAX_ANSWER, Playbook, filled, words_of
from core.outreach.markets import numbers_in
from core.outreach.opt_out import is_opt_out, said_themselves
from core.outreach.proposals import company, greeting_name

Intent = Literal["interested", "question", "objection", "not_now", "wrong_person", "unsubscribe", "end", "unheard"]
"""What a guest means. unheard: nothing was said that could be understood."""
LAST: frozenset[Intent] = frozenset({"not_now", "wrong_person", "unsubscribe", "end"})
"""After these nobody is asked anything more."""
LONGEST_TURN = 4_000
"""Characters of what a guest says that are looked at by models; the rule for opt-outs looks at all of it."""

_WRONG_PERSON = re.compile(
    r"\b(?:wrong (?:person|number|department|contact)|not the right (?:person|contact|one)|not responsible for|"
    r"(?:no longer|not) work(?:ing)? (?:here|there|for)|not my (?:area|department|job)|falsche[nr]? (?:person"
    r"|nummer|ansprechpartner\w*)|"
    r"nicht (?:der|die) richtige|nicht zustandig|arbeite nicht mehr|mauvaise personne|pas la bonne personne|"
    r"persona equivocada|numero equivocado|persona sbagliata|verkeerde persoon)\b"
)
_NOT_NOW = re.compile(
    r"\b(?:not (?:right )?now|no time|not a good time|bad time|(?:too|very|quite) busy|another time|(?:next"
    r"|in a (?:few )?) ?(?:month|months|quarter|year)|"
    r"call (?:me )?(?:back )?(?:later|in|next)|(?:maybe |perhaps )later|not this (?:month|quarter|year)"
    r"|in a meeting|driving|"
    r"(?:jetzt|gerade) (?:\w+ ){0,2}(?:nicht|schlecht|keine zeit)|keine zeit|spater|nachste[ns]? (?:monat|jahr"
    r"|quartal|woche)|"
    r"pas maintenant|plus tard|pas le temps|ahora no|mas tarde|no tengo tiempo|non adesso|piu tardi|niet nu"
    r"|geen tijd)\b"
)
_END = re.compile(
    r"\b(?:good ?bye|bye|see you|that(?: i| wa|)s all|that is all|have a (?:nice|good) (?:day|one|evening"
    r"|weekend)|nothing else|"
    r"(?:not|nicht) interess?iert|(?:am |are |is |m |re )?not interested|no interest|no thank(?:s| you)"
    r"|no thanks|kein interesse|nein danke|auf wiederhor\w*|"
    r"auf wiedersehen|tschuss|tschau|au revoir|pas interess\w*|non merci|adios|hasta luego|no me interesa|no gracias|"
    r"arrivederci|non mi interessa|tot ziens|geen interesse)\b"
)
_INTERESTED = re.compile(
    r"\b(?:interested|sounds (?:good|great|interesting)|tell me more|let us (?:talk|meet|do)|let s (?:talk|meet|do)|"
    r"(?:book|arrange|schedule|set up) (?:a|the) (?:call|meeting|demo|appointment)|send me (?:an? |the |more "
    r"|your )?(?:offer|information|details|proposal|more)|"
    r"i would like to (?:know|hear|see) more|yes please|(?:sure|yes|ok|okay) go (?:on|ahead)|interessiert"
    r"|klingt (?:gut|interessant|spannend)|"
    r"erzahlen sie mehr|gerne|ca m ?interesse|dites m en plus|me interesa|suena bien|mi interessa|klinkt goed)\b"
)
_OBJECTION = re.compile(
    r"\b(?:too expensive|already (?:have|use|work)|do not need|don ?t need|no need|no budget|not convinced"
    r"|happy with|(?:don ?t|do not) (?:trust|believe)|"
    r"zu teuer|haben (?:wir )?(?:schon|bereits)|brauchen? (?:wir |das |ich )?(?:das )?nicht|kein budget"
    r"|trop cher|pas besoin|demasiado caro|no necesit\w*|troppo caro|te duur)\b"
)

_ARTICLES = ("a", "an", "the", "ein", "eine", "der", "die", "das", "un", "une", "le", "la", "les", "el", "los", "las")
_GLUE = frozenset((*_ARTICLES, "and", "also", "so", "well", "then", "und", "et", "alors", "y"))
"""Words that claim nothing: they may be added and left out."""
_COURTESY = frozenset(
    " ".join(words_of(line))
    for line in (
        "Thank you", "Thanks", "Thank you for asking", "Thanks for asking", "Good question", "That is a good question",
        "I understand", "I see", "Danke", "Vielen Dank", "Danke für die Frage", "Gute Frage", "Ich verstehe",
        "Merci", "Bonne question", "Je comprends", "Gracias", "Buena pregunta", "Entiendo",
    )
)  # fmt: skip
"""Whole sentences that may always be said."""
_BREAK = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+|\n+")


def read_intent(text: str, playbook: Playbook) -> tuple[Intent, list[str]]:
    """Say by rules what a guest means, and which topics are brought up.

    Args:
        text: what was said; quoted lines are not looked at.
        playbook: whose topics; what it knows is a question or an objection before the general rules are asked.
    """
    words = said_themselves(text)
    if is_opt_out(words):
        return "unsubscribe", []
    plain = " ".join(words_of(words))
    if not plain:
        return "unheard", []
    topics = playbook.brought_up(words)
    if _WRONG_PERSON.search(plain):
        return "wrong_person", []
    if topics:
        return ("objection" if playbook.is_objection(topics[0]) else "question"), topics
    rules: tuple[tuple[Intent, re.Pattern[str]], ...] = (
        ("not_now", _NOT_NOW), ("end", _END), ("objection", _OBJECTION), ("interested", _INTERESTED)
    )  # fmt: skip
    for intent, rule in rules:
        if rule.search(plain):
            return ("question" if intent == "interested" and "?" in words else intent), []
    return "question", []


def stock_reply(intent: Intent, topics: Sequence[str], playbook: Playbook, facts: Mapping[str, Any]) -> str:
    """Return what is said without a model: the playbook's own words."""
    if intent in ("question", "objection"):
        return " ".join(playbook.answers(list(topics), facts)) or filled(playbook.replies.unknown, facts)
    return filled(getattr(playbook.replies, intent), facts)


def sentences(text: str) -> list[str]:
    """Cut a text after its sentences, as they are to be said one by one."""
    return [piece.strip() for piece in _BREAK.split(text) if piece.strip()]


def finished_sentences(text: str) -> tuple[list[str], str]:
    """Return the sentences of a text that is still being written which surely have ended, and the rest."""
    breaks = list(_BREAK.finditer(text))
    if not breaks:
        return [], text
    end = breaks[-1].end()
    return sentences(text[:end]), text[end:]


def may_say(sentence: str, answers: Sequence[str], facts: Mapping[str, Any]) -> bool:
    """Tell whether a sentence of a model claims nothing that the answers do not.

    It may when it is one of their sentences, word for word but for articles and the like. Leaving out more would drop
    conditions, and other words would claim other things. The lead's own name and company may be named besides.

    Args:
        sentence: one of a model's.
        answers: of the playbook, filled in.
        facts: of the lead.
    """
    if len(sentence) > MAX_ANSWER or not sentence.isprintable():
        return False
    named = _without_names(sentence, facts)
    if " ".join(words_of(named)) in _COURTESY:
        return True
    claims = _claims(named)
    if not claims:
        return False
    return any(
        _holds(claims, named, _without_names(source, facts)) for answer in answers for source in sentences(answer)
    )


def _holds(claims: list[str], sentence: str, source: str) -> bool:
    is_asked = sentence.rstrip().endswith("?") == source.rstrip().endswith("?")
    return is_asked and claims == _claims(source) and numbers_in(sentence) == numbers_in(source)


def _claims(text: str) -> list[str]:
    return [word for word in words_of(text) if word not in _GLUE]


def _without_names(text: str, facts: Mapping[str, Any]) -> str:
    """Take the lead's name and company out: they claim nothing."""
    for name in (company(facts), greeting_name(facts)):
        if name and len(name) > 2:
            text = re.sub(rf"\b{re.escape(name)}\b", " ", text)
    return " ".join(text.split())
