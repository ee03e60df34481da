"""Statements that were asked in; how PostgreSQL would answer them from big tables out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.db import connection, transaction

_FOR_FEW_ROWS: Final = ("enable_seqscan", "enable_bitmapscan", "enable_sort", "enable_incremental_sort")


def of_big_tables(asked: Iterable[dict[str, Any]]) -> list[str]:
    """The plan of each statement, which sorts, or reads a table whole, only where no index spares it.

    A test's few rows are read and sorted faster than an index is walked; and how few the planner believes
    they are is a matter of when autovacuum last came by.
    """
    plans = []
    with transaction.atomic(), connection.cursor() as cursor:
        for way in _FOR_FEW_ROWS:
            cursor.execute(f"SET LOCAL {way} = off")
        for query in asked:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
    return plans
