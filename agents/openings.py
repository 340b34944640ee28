"""Asks a model for the opening sentence of a proposal; `core.proposals` checks it before it is said."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from pydantic import BaseModel, Field

from core.errors import MalformedAnswer

_PROMPT = (Path(__file__).with_name("prompts") / "opening.md").read_text(encoding="utf-8").strip()
PROMPT_VERSION = f"opening-{sha256(_PROMPT.encode()).hexdigest()[:12]}"


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
    question = f"<facts>{json.dumps(known, ensure_ascii=False).replace('<', ' ')}</facts>"
    chain = model.with_structured_output(Opening)
    answer = await chain.ainvoke([SystemMessage(_PROMPT), HumanMessage(question)])
    if not isinstance(answer, Opening):
        raise MalformedAnswer("the model gave no opening")
    return answer.opening
