"""Finding the people a company's website names."""
