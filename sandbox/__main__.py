"""`python -m sandbox`: serve every stand-in until interrupted, after printing where they are."""

import argparse

from sandbox.server import DEFAULT_PORT
from sandbox.serving import serve


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="first port; 0 takes free ports")
    parser.add_argument("--fault", action="append", default=[], help="a fault as JSON; may be repeated")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    given = parser.parse_args()
    serve(given.port, faults=given.fault, as_json=given.json)


if __name__ == "__main__":
    main()
