"""A provider's name stands in its own folder and in the one list, nowhere else in the program."""

from pathlib import Path

import pytest
from provider_names import found, sources

from integrations.plugs import PLUGS

ROOT = Path(__file__).parents[2]
WORDS = sorted({word for plug in PLUGS for word in plug.words})
EXEMPT = {
    "db/schema/migrations/": "what was migrated stays as it was",
    "integrations/plugs.py": "the one list",
    "integrations/chat_completions/chat.py": "the protocol's SDK is called after who made it up",
    **{f"integrations/{path.parent.name}/": "its own folder" for path in ROOT.glob("integrations/*/plug.py")},
}
COLUMN_KINDS = ("core/imports/", "core/leads/fields.py", "core/text/lexicon_keys.py")
"""Here `linkedin` is a kind of column: addresses of profiles, whoever made the file."""


def named_in(name: str, text: str) -> list[str]:
    words = [word for word in WORDS if not (word == "linkedin" and name.startswith(COLUMN_KINDS))]
    return found(text, words)


def test_providers_are_named_in_their_own_folders_alone() -> None:
    offending = {name: places for name, text in sources(ROOT, tuple(EXEMPT)) if (places := named_in(name, text))}
    assert offending == {}


@pytest.mark.parametrize(
    "planted",
    [
        'x = "apollo"',
        "open_apollo()",
        "class ApolloThing: pass",
        "from integrations.apollo.client import X",
        "from integrations import apollo",
        "import cerebras.cloud.sdk",
        'x = f"see APOLLO_API_KEY, {y}"',
        "f(apollo_people=1)",
        'x = "close"',
        "CloseClient",
        'x = "set CLOSE_API_KEY"',
        "from integrations.close.plug import PLUG",
        'x: Literal["linkedin"]',
        "LinkedInSettings()",
    ],
)
def test_a_planted_name_is_found(planted: str) -> None:
    assert found(planted, WORDS)


@pytest.mark.parametrize(
    "innocent",
    [
        '"""Apollo is a provider."""',
        "await client.close()",
        "def close(self): pass",
        "closed = closest",
        "person.linkedin_url",
        'x = "linkedin_url"',
        'x = "close the door"',
        "from langchain_core.messages import convert_to_openai_messages\nconvert_to_openai_messages([])",
        "x = 1  # as Apollo says",
    ],
)
def test_what_is_no_provider_is_left_alone(innocent: str) -> None:
    assert found(innocent, WORDS) == []
