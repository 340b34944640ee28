"""Everyone we talk to, one folder a provider."""
