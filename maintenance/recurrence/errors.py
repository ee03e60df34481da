"""What can be wrong with times that repeat. The message of each says what to do about it."""

from __future__ import annotations


class RecurrenceError(ValueError):
    """Times that repeat and cannot be worked out: whoever meets one leaves the row out, and says so."""


class NoRecurrence(RecurrenceError):
    """A text that is no recurrence rule, or a rule that never names a time."""


class Overlapping(RecurrenceError):
    """Each time lasts longer than until the next one begins."""


class BudgetExceeded(RecurrenceError):
    """Working the times out took more than it may: see Budget."""
