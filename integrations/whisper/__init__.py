"""Speech to text on this machine: a Whisper model run by faster-whisper, without a key and without a network."""
