"""Services, a first time and a rule to repeat it in; each time ahead, booked as a window of its own, out."""

from __future__ import annotations

from maintenance.booking.series.ahead import AHEAD, Occurrence, horizon, preview
from maintenance.booking.series.book import book_series, end_series, extend_series, settle_skipped

__all__ = [
    "AHEAD",
    "Occurrence",
    "book_series",
    "end_series",
    "extend_series",
    "horizon",
    "preview",
    "settle_skipped",
]
