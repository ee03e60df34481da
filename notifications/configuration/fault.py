"""What is wrong with a setting, as `manage.py check`, the workers' log, /readyz and the admin tell it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One setting that would fail messages, or keep them back. Its words show no secret."""

    id: str
    words: str
    hint: str
    is_warning: bool = False
    """Messages may go out all the same."""
