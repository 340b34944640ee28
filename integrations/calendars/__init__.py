"""Calendars: when somebody is busy."""
