"""A stand-in for Cartesia's speech API. Source: docs.cartesia.ai and cartesia 4.2, checked August 2026."""
