"""Asks a model which name on a page holds which title; it answers with numbers of what is there, never with a name."""

from langchain_core.language_models import BaseChatModel
from langchain_core.prompts import ChatPromptTemplate
from pydantic import BaseModel, Field

from agents.prompt_files import read_prompt
from core.discovery.choosing import ChosenPairs, PageQuestion

_PROMPT = read_prompt("people")
PROMPT_VERSION = _PROMPT.version
_MESSAGES = ChatPromptTemplate.from_messages([("system", _PROMPT.parts["system"]), ("human", _PROMPT.parts["human"])])


class Pair(BaseModel):
    """One person with one title."""

    name: str = Field(description="id of a name, as n1")
    title: str = Field(description="id of a title, as t1")


class Choice(BaseModel):
    """The pairs the page states."""

    pairs: list[Pair]


async def choose_people(question: PageQuestion, model: BaseChatModel) -> ChosenPairs:
    """Ask one question.

    Returns:
        Pairs of ids as the model gave them; `core.discovery.choosing.mentions_of` drops those it made up.

    Raises:
        MalformedAnswer: the answer holds no pairs.
        ProviderError: the provider failed. LimitReached: a budget or limit is used up.
    """
    names = "\n".join(f"{key}: {name.text}" for key, (name, _) in question.names.items())
    titles = "\n".join(f"{key}: {title.text}" for key, (title, _) in question.titles.items())
    asked = {"names": names, "titles": titles, "page": question.text}
    answer = await (_MESSAGES | model.with_structured_output(Choice)).ainvoke(asked)
    chosen = Choice.model_validate(answer)
    return tuple((pair.name, pair.title) for pair in chosen.pairs)
