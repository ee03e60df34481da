"""What a person did to a window in; its line in the log out.

Every stage that changes a window writes here, in the transaction of the change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from maintenance.audit.entries import Stamp
from maintenance.models import Change, Window

Facts = dict[str, Any]

_TOGETHER: Final = (
    ("starts_at", "ends_at", "short_notice"),
    ("expected_load", "expected_low", "expected_high"),
    ("expected_customers", "expected_vulnerable"),
)
"""Facts that only say something together: a reader of one gets all of them."""
_OF_A_MOVE: Final = ("services", "expected_customers", "expected_vulnerable")
"""What a move leaves as it was is said too: whom it hits is read from its line alone."""


def window_facts(window: Window) -> Facts:
    """A window as plain values: instants are ISO 8601 strings, in UTC."""
    instants = {
        name: at.isoformat() if (at := getattr(window, name)) else None
        for name in ("starts_at", "ends_at", "started_at", "finished_at")
    }
    levels = window.impacts.order_by("service__key").values_list("service__key", "level")
    return {
        **instants,
        "services": dict(levels),
        "status": str(window.status),
        "sequence": window.sequence,
        "revision": window.revision,
        "booker": window.booker.get_username(),
        "expected_load": window.expected_load,
        "expected_low": window.expected_low,
        "expected_high": window.expected_high,
        "expected_customers": window.expected_customers,
        "expected_vulnerable": window.expected_vulnerable,
        "short_notice": window.short_notice,
        "exemption": window.exemption,
        "emergency_reason": window.emergency_reason,
        "emergency_approver": window.emergency_approver.get_username() if window.emergency_approver else None,
    }


def record_change(
    window: Window,
    what: Change.What,
    stamp: Stamp,
    *,
    before: Facts,
    more: Mapping[str, Any] | None = None,
    reason: str = "",
) -> Change:
    """Append what changed since `before` (`window_facts`, empty for a new window), and `more` about it."""
    assert stamp.person is not None  # whatever the clock does, it does for whoever booked
    after = window_facts(window)
    said = _said(what, before, after)
    return Change.objects.create(
        window=window,
        what=what,
        at=stamp.at,
        actor=stamp.person,
        revision=window.revision,
        before={name: before[name] for name in before if name in said},
        after={**{name: after[name] for name in after if name in said}, **(more or {})},
        reason=reason,
    )


def _said(what: Change.What, before: Facts, after: Facts) -> set[str]:
    said = {name for name in after if after[name] != before.get(name)}
    for facts_of_one in _TOGETHER:
        if said.intersection(facts_of_one):
            said.update(facts_of_one)
    if what == Change.What.RESCHEDULED:
        said.update(name for name in _OF_A_MOVE if after[name] is not None)
    return said
