"""Everything that is remembered: Postgres and Redis. Every query lives here."""
