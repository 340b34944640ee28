"""The servers: found or started, connected to, backed up."""
