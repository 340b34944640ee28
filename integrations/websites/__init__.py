"""Polite reading of company websites: robots.txt, per-host delay, checked addresses, bounded size and time, a cache."""
