"""A first time and its recurrence rule (RFC 5545) in; the times it names out."""

from __future__ import annotations

from maintenance.recurrence.syntax import NoRecurrence
from maintenance.recurrence.times import check, coming, occurrences

__all__ = ["NoRecurrence", "check", "coming", "occurrences"]
