"""A first time and its recurrence rule (RFC 5545) in; the times it names out."""

from __future__ import annotations

from maintenance.recurrence.budget import Budget
from maintenance.recurrence.errors import BudgetExceeded, NoRecurrence, Overlapping, RecurrenceError
from maintenance.recurrence.times import (
    Recurring,
    check_recurrence,
    coming_times,
    occurrences,
    too_long,
    why_broken,
)

__all__ = [
    "Budget",
    "BudgetExceeded",
    "NoRecurrence",
    "Overlapping",
    "RecurrenceError",
    "Recurring",
    "check_recurrence",
    "coming_times",
    "occurrences",
    "too_long",
    "why_broken",
]
