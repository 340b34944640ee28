"""What our chat models share: they are asynchronous, because everything that guards a call is."""

from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from pydantic import ConfigDict

from core.errors import ConfigurationError

CHARACTERS_A_TOKEN = 3
"""Fewer than there are in most texts, so that estimates are upper bounds."""


class AsyncChat(BaseChatModel):
    """A chat model without a synchronous form."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise ConfigurationError("this model is asynchronous: use ainvoke or astream")
