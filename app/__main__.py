"""`python -m app` is `sales-agent`."""

from app.main import main

main()
