"""SMTP: sending one message."""
