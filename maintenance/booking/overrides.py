"""Objections, and reasons to pass over them, in; what still stands, and what was passed and why, out.

A soft objection is passed with a reason of its own, a hard one only as an emergency. What is passed is
kept for the revision of the window for which it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from maintenance.booking.validation import text_objections
from maintenance.models import Override, Window
from maintenance.proposals import Proposal
from maintenance.rules import SETTABLE, Objection


@dataclass(frozen=True, slots=True)
class Passed:
    """An objection that somebody passes over, and why."""

    objection: Objection
    reason: str

    def facts(self) -> dict[str, object]:
        """As the log keeps it."""
        return {
            "rule": self.objection.rule,
            "words": self.objection.words,
            "reason": self.reason,
            "hard": self.objection.hard,
        }


def settled_objections(
    against: Iterable[Objection], proposal: Proposal
) -> tuple[list[Objection], list[Passed]]:
    """What is left of the objections to what is proposed, and what of them it passes over."""
    left: list[Objection] = []
    passed = []
    for objection in against:
        reason = _reason(objection, proposal)
        if not reason:
            left.append(objection)
        elif too_long := text_objections("reason", reason):
            left += [fault for fault in too_long if fault not in left]
        else:
            passed.append(Passed(objection, reason))
    return left, passed


def _reason(objection: Objection, proposal: Proposal) -> str:
    if objection.rule not in SETTABLE:
        return ""
    if objection.hard:
        return proposal.emergency.reason.strip() if proposal.emergency else ""
    return proposal.overrides.get(objection.rule, "").strip()


def keep_overrides(window: Window, passed: Sequence[Passed], *, by: User, now: datetime) -> None:
    """Keep what was passed for the present revision of a window."""
    Override.objects.bulk_create(
        Override(
            window=window,
            revision=window.revision,
            rule=each.objection.rule,
            words=each.objection.words,
            reason=each.reason,
            hard=each.objection.hard,
            by=by,
            at=now,
        )
        for each in passed
    )


def remaining_objections(window: Window, against: Iterable[Objection]) -> list[Objection]:
    """Those of the objections that nobody has passed over for the present revision of a window."""
    known = set(window.overrides.filter(revision=window.revision).values_list("rule", "words"))
    return [objection for objection in against if (objection.rule, objection.words) not in known]
