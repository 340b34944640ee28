"""Talking with a prospect, in text or by voice."""
