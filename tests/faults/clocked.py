"""A Celery command in a process whose clock is wrong: python -m tests.faults.clocked SECONDS -A config worker

SECONDS is by how much it is ahead of the true time; it may be negative. Leases go by the database's clock.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import time_machine


def main() -> None:
    """Set the clock, then become Celery; the children of a pool inherit it."""
    ahead, *command = sys.argv[1:]
    time_machine.travel(datetime.now(UTC) + timedelta(seconds=float(ahead)), tick=True).start()

    from celery.__main__ import main as celery  # not before the clock is set

    sys.argv = ["celery", *command]
    celery()


if __name__ == "__main__":
    main()
