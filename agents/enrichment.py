"""The enrichment agent: reads a company's facts out of free text, and nothing that does not stand there.

An LCEL chain: text -> prompt -> model -> a tool's arguments, in a closed schema -> check. The one tool a model is
offered takes facts; it opens no page and calls nobody. An answer of which nothing passes the check is asked for once
more, with what was wrong with it.
"""

from collections.abc import Collection, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda, RunnablePassthrough

from agents.metering import TokenMeter
from agents.prompt_files import read_prompt
from core.enrichment.questions import Found
from core.enrichment.text_readings import MEANINGS, TextReadings, checked_readings, fence
from core.errors import MalformedAnswer

_PROMPT = read_prompt("enrichment")
PROMPT_VERSION = _PROMPT.version

ReadingChain = Runnable[dict[str, Any], list[Found]]


def build(model: BaseChatModel, fields: Collection[str]) -> ReadingChain:
    """Make the chain that fills some fields.

    Args:
        model: any chat model; nothing is sent before the chain is used.
        fields: what it may fill, of `core.enrichment.text_readings.MEANINGS`.
    """
    told = {"fields": "\n".join(f"- {name}: {meaning}" for name, meaning in MEANINGS.items() if name in fields)}
    parts = _PROMPT.parts
    first = ChatPromptTemplate.from_messages([("system", parts["system"]), ("human", parts["human"])]).partial(**told)
    again = ChatPromptTemplate.from_messages([*first.messages, ("human", parts["repair"])]).partial(**told)
    draft = model.with_structured_output(TextReadings)

    def check(given: dict[str, Any]) -> list[Found]:
        found, refused = checked_readings(given["draft"].readings, given["pages"], fields)
        if refused and not found:
            raise MalformedAnswer("; ".join(dict.fromkeys(refused)))
        return found

    def answering(prompt: Runnable[Any, Any]) -> ReadingChain:
        return RunnablePassthrough.assign(draft=prompt | draft) | RunnableLambda(check)

    return answering(first).with_fallbacks(
        [answering(again)], exceptions_to_handle=(MalformedAnswer,), exception_key="fault"
    )


async def read(chain: ReadingChain, pages: Sequence[tuple[str, str]], meter: TokenMeter) -> list[Found]:
    """Read the facts out of a site's text.

    Args:
        chain: of `build`.
        pages: address and text.
        meter: counts what it takes, also where it fails.

    Raises:
        MalformedAnswer: two answers were of no use.
        LimitReached: a budget or limit is used up.
        ProviderError: no model could answer.
    """
    text = "\n\n".join(text for _, text in pages)
    given = {"pages": pages, "text": text, "fence": fence(text)}
    return await chain.ainvoke(given, {"callbacks": [meter], "run_name": "enrichment"})
