"""Stand-ins for language models: Cerebras, Anthropic, DeepSeek, OpenRouter, and any OpenAI-compatible server."""
