"""A playbook: what may be answered to questions and objections, in a person's own words, as a YAML file.

Its answers are the only claims a conversation may make. `{name}` and `{company}` stand for the lead's own; nothing else
of a lead can be named.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.outreach.proposals import company, greeting_name
from core.text.folding import fold

MAX_ANSWER = 600
"""Characters: about forty seconds of speech."""
_PLACEHOLDER = re.compile(r"\{[^{}]*\}|[{}]")
_PLACEHOLDERS = frozenset({"{name}", "{company}"})
_NO_WORD = re.compile(r"[^\w]+")

Wording = Annotated[str, Field(min_length=1, max_length=MAX_ANSWER)]
Phrase = Annotated[str, Field(min_length=2, max_length=80)]


class _Part(BaseModel):
    """A value of a playbook that takes no other keys, and no placeholder that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="after")
    @classmethod
    def _knows_its_placeholders(cls, value: Any) -> Any:
        if isinstance(value, str):
            for found in _PLACEHOLDER.findall(value):
                if found not in _PLACEHOLDERS:
                    raise ValueError(f"{found} is no placeholder; there are {{name}} and {{company}}")
        return value


class Topic(_Part):
    """Something a prospect may bring up, and the answer to it."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="Short, as models and records name it")
    heard: list[Phrase] = Field(
        min_length=1, max_length=50, description="Words or phrases that bring it up, in any language"
    )
    answer: Wording = Field(description="What is answered")

    @field_validator("heard")
    @classmethod
    def _has_words(cls, phrases: list[str]) -> list[str]:
        for phrase in phrases:
            if not words_of(phrase):
                raise ValueError(f"{phrase!r} has no word in it")
        return phrases


class Replies(_Part):
    """What is said where no topic is brought up."""

    opening: Wording = "Hello {name}, do you have a minute?"
    interested: Wording = "Great. A colleague will get in touch with you about the next step."
    not_now: Wording = "I understand, thank you for telling me. Goodbye."
    wrong_person: Wording = "Thank you for telling me, and sorry for the trouble. Goodbye."
    unsubscribe: Wording = "Understood. We will not contact you again. Goodbye."
    end: Wording = "Thank you for your time. Goodbye."
    unknown: Wording = "I will have a colleague answer that."
    unheard: Wording = "Sorry, I did not hear you. Could you say that again?"


class Playbook(_Part):
    """What a conversation may say."""

    language: str = Field(default="en", pattern=r"^[a-z]{2}$", description="Of the answers: two letters")
    questions: list[Topic] = Field(default_factory=list, max_length=200)
    objections: list[Topic] = Field(default_factory=list, max_length=200)
    replies: Replies = Field(default_factory=Replies)

    @model_validator(mode="after")
    def _names_each_topic_once(self) -> "Playbook":
        ids = [topic.id for topic in self.topics]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise ValueError(f"two topics have the id {twice[0]!r}")
        return self

    @property
    def topics(self) -> list[Topic]:
        """Questions, then objections."""
        return [*self.questions, *self.objections]

    def is_objection(self, topic_id: str) -> bool:
        """Return whether a topic is an objection."""
        return any(topic.id == topic_id for topic in self.objections)

    def brought_up(self, text: str) -> list[str]:
        """Return the ids of the topics a text brings up by their phrases, longest phrase first; two at most.

        A phrase that stands inside a longer one that was heard too counts for nothing.
        """
        heard = f" {' '.join(words_of(text))} "
        found = sorted(self._found(heard), key=lambda one: -len(one[0]))
        chosen: list[tuple[str, str]] = []
        for phrase, topic_id in found:
            if all(f" {phrase} " not in f" {longer} " and topic_id != other for longer, other in chosen):
                chosen.append((phrase, topic_id))
        return [topic_id for _, topic_id in chosen[:2]]

    def _found(self, heard: str) -> Iterator[tuple[str, str]]:
        for topic in self.topics:
            for phrase in topic.heard:
                plain = " ".join(words_of(phrase))
                if f" {plain} " in heard:
                    yield plain, topic.id

    def answers(self, topic_ids: list[str], facts: Mapping[str, Any]) -> list[str]:
        """Return the answers to topics, in their order, filled in."""
        known = {topic.id: topic.answer for topic in self.topics}
        return [filled(known[one], facts) for one in topic_ids if one in known]


DEFAULT = Playbook()
"""Knows no topic: every question goes to a colleague."""

EXAMPLE = """\
# What the conversation agent may say. {name} and {company} stand for the lead's own; nothing else of a lead is named.
language: en
questions:
  - id: price
    heard: [how much, price, cost, what do you charge]
    answer: A fixed monthly price. A colleague will send you a written offer.
  - id: source
    heard: [where did you get, how did you find, my data]
    answer: Your details are from public business sources. I can have them removed at any time.
objections:
  - id: has_supplier
    heard: [already have, another supplier, happy with]
    answer: That is good to hear. May I send you something to compare with?
replies:
  interested: Great. A colleague will call you to arrange the next step.
  unknown: I will have a colleague answer that.
"""


def words_of(text: str) -> list[str]:
    """Return the words of a text without case, accents and punctuation."""
    return _NO_WORD.sub(" ", fold(text)).split()


def filled(line: str, facts: Mapping[str, Any]) -> str:
    """Put the lead's name and company in; what is no plain name is left out."""
    line = line.replace("{company}", company(facts))
    name = greeting_name(facts)
    return line.replace("{name}", name) if name else re.sub(r"\s*\{name\}", "", line)
