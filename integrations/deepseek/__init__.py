"""DeepSeek: language models."""
