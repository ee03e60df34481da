"""Who did what, before, after, why and when: what stages write, and the log that people read."""

from __future__ import annotations

from maintenance.audit.entries import COMMAND_LINE, Stamp, States, append_entry, person_name, record_all
from maintenance.audit.rows import row_facts
from maintenance.audit.windows import record_change, window_facts

__all__ = [
    "COMMAND_LINE",
    "Stamp",
    "States",
    "append_entry",
    "person_name",
    "record_all",
    "record_change",
    "row_facts",
    "window_facts",
]
