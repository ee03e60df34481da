"""The order in which deliveries go out; no table."""

from __future__ import annotations

import enum


class Priority(enum.IntEnum):
    """Lower goes first, and whoever is vulnerable before the others. The numbers are stored."""

    BROADCAST = 0
    URGENT_VULNERABLE = 10
    URGENT = 11
    ROUTINE_VULNERABLE = 20
    ROUTINE = 21


def is_urgent(priority: int) -> bool:
    """Whether it overtakes what is routine."""
    return priority < Priority.ROUTINE_VULNERABLE
