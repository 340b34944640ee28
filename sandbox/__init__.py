"""The outside world in miniature: real servers on loopback that stand in for everyone we talk to."""
