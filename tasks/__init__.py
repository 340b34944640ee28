"""One retryable step each, grouped by subject; the only place where parts are wired together."""
