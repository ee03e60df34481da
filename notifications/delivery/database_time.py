"""The database's clock in; one that tells its time without asking again, out.

For a turn of some seconds: all times that it compares with rows, or writes into them, come from one clock,
whatever the machines' own show.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from notifications import sql

Clock = Callable[[], datetime]


def corrected_clock() -> Clock:
    """This machine's, less its error at this moment. It may be some milliseconds late, never early."""
    error = sql.database_now() - datetime.now(UTC)
    return lambda: datetime.now(UTC) + error


def not_ahead(now: datetime) -> datetime:
    """This time, or the database's own where that is earlier.

    For what a page writes: where its machine's clock is ahead, what it queues would wait for that.
    """
    return min(now, sql.database_now())
