"""The commands of `sales-agent`, one module each."""
