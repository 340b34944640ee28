"""A conversation, turn by turn: what a prospect means, what may be answered, and what is never said.

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
from core.text import lexicons

Intent = Literal["interested", "question", "objection", "not_now", "wrong_person", "unsubscribe", "end", "unheard"]
"""What a prospect means. unheard: nothing was said that could be understood."""
LAST: frozenset[Intent] = frozenset({"not_now", "wrong_person", "unsubscribe", "end"})
"""After these nobody is asked anything more."""
LONGEST_TURN = 4_000
"""Characters of what a prospect says that are looked at by models; the rule for opt-outs looks at all of it."""

_WRONG_PERSON = re.compile(rf"\b(?:{lexicons.alternatives('talk.wrong_person')})\b")
_NOT_NOW = re.compile(rf"\b(?:{lexicons.alternatives('talk.not_now')})\b")
_END = re.compile(rf"\b(?:{lexicons.alternatives('talk.end')})\b")
_INTERESTED = re.compile(rf"\b(?:{lexicons.alternatives('talk.interested')})\b")
_OBJECTION = re.compile(rf"\b(?:{lexicons.alternatives('talk.objection')})\b")

_ARTICLES = lexicons.words("talk.articles")
_GLUE = _ARTICLES | lexicons.words("talk.glue")
"""Words that claim nothing: they may be added and left out."""
_COURTESY = frozenset(" ".join(words_of(line)) for line in lexicons.phrases("talk.courtesy"))
"""Whole sentences that may always be said."""
_BREAK = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+|\n+")


def read_intent(text: str, playbook: Playbook) -> tuple[Intent, list[str]]:
    """Return, by rules, what a prospect means, and which topics are brought up.

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
    """Return whether a sentence of a model claims nothing that the answers do not.

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
