"""Made-up websites: eight companies', and the public company pages of a professional network."""
