"""What the stand-ins of language models are asked in tests, and how."""

LEAD = "company_name: Larkhill Foundry\ncontact_email: ida@larkhill.example\nindustry: castings"
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "company_name": {"type": "string"},
        "email": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "phone": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "score": {"type": "integer", "minimum": 0, "maximum": 100},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "tier": {"$ref": "#/$defs/Tier"},
        "reasoning": {"type": "string"},
        "signals": {"type": "array", "items": {"type": "string"}, "minItems": 2},
    },
    "$defs": {"Tier": {"type": "string", "enum": ["hot", "warm", "cold"]}},
}
SCHEMA["required"] = list(SCHEMA["properties"])
FORMAT = {"type": "json_schema", "json_schema": {"name": "lead", "strict": True, "schema": SCHEMA}}
TOOL = {"type": "function", "function": {"name": "record_lead", "parameters": SCHEMA}}
MESSAGES = [{"role": "user", "content": f"Rate this lead.\n{LEAD}"}]
COMPATIBLE = [("OPENAI", "sandbox-small"), ("DEEPSEEK", "deepseek-flash"), ("OPENROUTER", "sandbox/small")]


def ask_cerebras(client, **more):
    """Ask with the usual request."""
    return client.chat.completions.create(
        **{"model": "gpt-oss-120b", "messages": MESSAGES, "max_completion_tokens": 400, **more}
    )


def claude_says(client, **more):
    """Ask with the usual request."""
    return client.messages.create(**{"model": "claude-haiku-5-5", "max_tokens": 400, "messages": MESSAGES, **more})
