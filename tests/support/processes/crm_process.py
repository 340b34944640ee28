"""A synchronisation in a process of its own, which a test may kill."""

import asyncio
import os
import sys


def main() -> None:
    """Run the flow without Prefect against what the environment names."""
    from flows.sync_crm import sync_crm

    report = asyncio.run(sync_crm())
    sys.stdout.write(report.model_dump_json())


if __name__ == "__main__":
    os.environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] = "CRITICAL"
    main()
