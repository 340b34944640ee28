"""Asks a model for the opening sentence of a proposal; `core.outreach.proposals` checks it before it is said."""

import json
from collections.abc import Mapping
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.prompts import ChatPromptTemplate
from pydantic import BaseModel, Field

from agents.prompt_files import read_prompt
from core.errors import MalformedAnswer

_PROMPT = read_prompt("opening")
PROMPT_VERSION = _PROMPT.version
_MESSAGES = ChatPromptTemplate.from_messages([("system", _PROMPT.parts["system"]), ("human", _PROMPT.parts["human"])])


class Opening(BaseModel):
    """The opening of a message."""

    opening: str = Field(max_length=400, description="One or two sentences")


async def write_opening(model: BaseChatModel, facts: Mapping[str, Any]) -> str:
    """Return a model's opening sentence for a company.

    Args:
        model: for writing.
        facts: what it may see; none of it is trusted.

    Raises:
        MalformedAnswer: it holds no opening.
        ProviderError, LimitReached: as the model's.
    """
    known = {name.partition(".")[2]: str(value)[:200] for name, value in facts.items() if value}
    told = json.dumps(known, ensure_ascii=False).replace("<", " ")
    answer = await (_MESSAGES | model.with_structured_output(Opening)).ainvoke({"facts": told})
    if not isinstance(answer, Opening):
        raise MalformedAnswer("the model gave no opening")
    return answer.opening
