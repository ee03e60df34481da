"""Services, a first time and a rule to repeat it in; each time ahead, booked as a window of its own, out."""

from __future__ import annotations

from maintenance.booking.series.ahead import Occurrence, preview
from maintenance.booking.series.book import book_series, end_series, extend_series, settle_skipped

__all__ = [
    "Occurrence",
    "book_series",
    "end_series",
    "extend_series",
    "preview",
    "settle_skipped",
]
