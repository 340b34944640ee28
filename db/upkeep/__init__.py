"""Looking after the installation: health, sweeping, erasure."""
