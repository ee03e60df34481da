"""The two long faults, with a PostgreSQL, a Redis and a provider of their own: python -m tests.faults.long

F7: 50 kills at random over 100,000 deliveries. F23: a deploy every minute for ten minutes, in a run of
200,000. Prints the table of the tests; ends with 1 where anything was lost, doubled or left in doubt, or
more was in doubt than the processes killed had in flight.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
from pathlib import Path

import django

# the servers are its own: what is set here is only for the settings to be read
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["DATABASE_URL"] = "postgres://postgres@127.0.0.1:1/nowhere"
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
os.environ.setdefault("ADDRESS_KEY", secrets.token_urlsafe(50))
django.setup()

from tests.faults import chaos, table  # noqa: E402
from tests.faults.bank import opened, started  # noqa: E402


def main() -> int:
    """Run what was asked for, print the figures, and say whether they are good."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", choices=("F7", "F23"), default="")
    options.add_argument("--deliveries", type=int, default=100_000, help="of F7 (100,000)")
    options.add_argument("--kills", type=int, default=50, help="of F7 (50)")
    options.add_argument("--seed", type=int, default=7, help="of F7's choices (7)")
    options.add_argument("--during", type=int, default=200_000, help="deliveries of F23 (200,000)")
    options.add_argument("--deploys", type=int, default=10, help="of F23 (10)")
    options.add_argument("--every", type=float, default=60.0, help="seconds between deploys (60)")
    options.add_argument("--grace", type=float, default=10.0, help="seconds from SIGTERM to SIGKILL (10)")
    given = options.parse_args()
    found, good = [], True
    with tempfile.TemporaryDirectory() as name:
        shared = started(Path(name))
        try:
            for fault in ("F7", "F23"):
                if given.only in ("", fault):
                    folder = Path(name) / fault
                    folder.mkdir()
                    with opened(shared, folder, LEASE_SECONDS="10") as bank:
                        if fault == "F7":
                            kills = {"deliveries": given.deliveries, "kills": given.kills}
                            figures, bound = chaos.random_kills(bank, **kills, seed=given.seed)
                        else:
                            how = {"every": given.every, "grace": given.grace}
                            figures, bound = chaos.deploys(
                                bank, deliveries=given.during, times=given.deploys, **how
                            )
                    found.append(figures)
                    good &= (figures.lost, figures.doubled, figures.left) == (0, 0, 0)
                    good &= figures.unknown <= bound
        finally:
            shared.end()
    print("\n".join(table.lines(found)))  # noqa: T201
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
