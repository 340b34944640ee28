"""Everything that asks a language model; knows neither Prefect nor the database."""
