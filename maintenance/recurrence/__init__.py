"""A first time and its recurrence rule (RFC 5545) in; the times it names out."""

from __future__ import annotations

from maintenance.recurrence.budget import Budget
from maintenance.recurrence.errors import BudgetExceeded, NoRecurrence, Overlapping, RecurrenceError
from maintenance.recurrence.times import Recurring, broken, check, coming, occurrences, too_long

__all__ = [
    "Budget",
    "BudgetExceeded",
    "NoRecurrence",
    "Overlapping",
    "RecurrenceError",
    "Recurring",
    "broken",
    "check",
    "coming",
    "occurrences",
    "too_long",
]
