"""OpenRouter: language models of many vendors."""
