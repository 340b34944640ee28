"""The qualification agent: how well a lead fits, in a model's assessment, with quotes that were checked.

An LCEL chain: question -> prompt -> model -> structured output -> check. An answer that does not pass is asked for once
more, with what was wrong with it; then `MalformedAnswer` says that there is none.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda

from agents.metering import TokenMeter
from agents.prompt_files import read_prompt
from core.errors import MalformedAnswer
from core.qualification.icp import Criterion, Profile
from core.qualification.model_assessment import (
    MAX_QUOTE_CHARS,
    MAX_QUOTE_WORDS,
    AssessmentDraft,
    AssessmentQuestion,
    CheckedAssessment,
    checked,
)

_PROMPT = read_prompt("qualification")
PROMPT_VERSION = _PROMPT.version
_MAX_RULE_CHARS = 800

Asking = Callable[[Mapping[str, str]], Runnable[dict[str, Any], CheckedAssessment]]
"""Makes the chain that asks about the lead with these facts, which its answer is checked against."""


def build(model: BaseChatModel, profile: Profile) -> Asking:
    """Prepare the chain for the leads of one profile.

    Args:
        model: any chat model; nothing is sent before the chain is used.
        profile: the ideal customer.
    """
    told = {
        "profile": profile.name,
        "guidance": f"\n{profile.model.guidance.strip()}\n" if profile.model.guidance else "",
        "criteria": _criteria(profile),
        "margin": f"{profile.model.margin:f}",
        "longest": str(MAX_QUOTE_CHARS),
        "words": str(MAX_QUOTE_WORDS),
    }
    parts = _PROMPT.parts
    first = ChatPromptTemplate.from_messages([("system", parts["system"]), ("human", parts["human"])]).partial(**told)
    again = ChatPromptTemplate.from_messages([*first.messages, ("human", parts["repair"])]).partial(**told)
    draft: Runnable[Any, Any] = model.with_structured_output(AssessmentDraft)
    ask: Runnable[Any, AssessmentDraft] = first | draft
    ask_again: Runnable[Any, AssessmentDraft] = again | draft

    def chain(facts: Mapping[str, str]) -> Runnable[dict[str, Any], CheckedAssessment]:
        check = RunnableLambda(_believe(facts))
        return (ask | check).with_fallbacks(
            [ask_again | check], exceptions_to_handle=(MalformedAnswer,), exception_key="fault"
        )

    return chain


def _believe(facts: Mapping[str, str]) -> Callable[[AssessmentDraft], Awaitable[CheckedAssessment]]:
    async def check(draft: AssessmentDraft) -> CheckedAssessment:  # LangChain would run a plain function in a thread
        return checked(draft, facts)

    return check


def _criteria(profile: Profile) -> str:
    total = sum(criterion.weight for criterion in profile.criteria)
    return "\n".join(
        f"- {criterion.label} ({criterion.weight / total:.0%}): {_rule(criterion)[:_MAX_RULE_CHARS]}"
        for criterion in profile.criteria
    )


def _rule(criterion: Criterion) -> str:
    """Return what a criterion looks for, as the profile says it."""
    rule = criterion.model_dump(mode="json", by_alias=True, exclude_defaults=True, include={criterion.kind})
    return json.dumps(rule, ensure_ascii=False)


async def assess(asking: Asking, question: AssessmentQuestion, meter: TokenMeter) -> CheckedAssessment:
    """Ask about one lead.

    Args:
        asking: of `build`.
        question: the lead as the model is shown it.
        meter: counts what it takes, also where it fails.

    Raises:
        MalformedAnswer: two answers were of no use.
        LimitReached: a budget or limit is used up.
        ProviderError: no model could answer.
    """
    given = {
        "rules_score": f"{question.rules_score:f}",
        "points": question.points_text(),
        "fence": question.fence,
        "facts": question.facts_text(),
    }
    return await asking(question.facts).ainvoke(given, {"callbacks": [meter], "run_name": "qualification"})
