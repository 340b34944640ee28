"""Chat completions: the protocol that many providers of language models speak; no provider itself."""
