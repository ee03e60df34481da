"""What a person did to a window in; its line in the trail out.

Every stage that changes a window writes here, in the transaction of the change.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User

from maintenance.models import Change, Window

Facts = dict[str, Any]

_TOGETHER: Final = (("starts_at", "ends_at", "short_notice"),)
"""Facts that only say something together: a reader of one gets all of them."""


def facts(window: Window) -> Facts:
    """A window as plain values: instants are ISO 8601 strings, in UTC."""
    instants = {
        name: at.isoformat() if (at := getattr(window, name)) else None
        for name in ("starts_at", "ends_at", "started_at", "finished_at")
    }
    return {
        **instants,
        "status": str(window.status),
        "sequence": window.sequence,
        "revision": window.revision,
        "booker": window.booker.get_username(),
        "expected_load": window.expected_load,
        "short_notice": window.short_notice,
        "exemption": window.exemption,
        "emergency_reason": window.emergency_reason,
        "emergency_approver": window.emergency_approver.get_username() if window.emergency_approver else None,
    }


def write(
    window: Window,
    what: Change.What,
    *,
    by: User,
    now: datetime,
    before: Facts,
    more: Mapping[str, Any] | None = None,
    reason: str = "",
) -> Change:
    """Append what changed since `before` (from `facts`, empty for a new window), and `more` about it."""
    after = facts(window)
    changed = {name for name in after if after[name] != before.get(name)}
    for facts_of_one in _TOGETHER:
        if changed.intersection(facts_of_one):
            changed.update(facts_of_one)
    return Change.objects.create(
        window=window,
        what=what,
        at=now,
        actor=by,
        revision=window.revision,
        before={name: before[name] for name in before if name in changed},
        after={**{name: after[name] for name in after if name in changed}, **(more or {})},
        reason=reason,
    )
