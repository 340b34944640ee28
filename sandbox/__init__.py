"""The outside world in miniature: real HTTP servers on loopback that speak our providers' protocols."""
