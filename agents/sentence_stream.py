"""A model's sentences as they come, to be spoken while it still writes."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, cast

from core.agents.answer_text import Aloud
from core.conversation.turns import finished_sentences, sentences


async def sentences_of(chunks: AsyncIterator[Any]) -> AsyncGenerator[str, None]:
    """Yield a model's sentences, each as soon as it has ended; what it thinks in tags is not said.

    Args:
        chunks: the pieces of an answer as LangChain streams them.
    """
    text, aloud = "", Aloud()
    async with aclosing(cast("Any", chunks)) as pieces:
        async for chunk in pieces:
            ended, text = finished_sentences(text + aloud.of(str(chunk.text)))
            for sentence in ended:
                yield sentence
    for sentence in sentences(text + aloud.rest()):
        yield sentence
