"""The tables, and bringing a database to the newest of them."""
