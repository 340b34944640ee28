"""Text as people write it: names, titles, phones, places, numbers, addresses."""
