"""Cartesia, speech from text and text from speech."""
