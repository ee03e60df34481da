"""Changes and decisions in; the trail of a window, and the lists of all of them, to be read, out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib import admin
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString
from unfold.decorators import display

from maintenance.admin.links import link
from maintenance.admin.readonly import ReadOnlyAdmin
from maintenance.models import Approval, Change, Exemption, Impact, Window
from maintenance.templatetags.spans import moment

_LABELS: Final = {
    str(value): label for value, label in (*Window.Status.choices, *Impact.Level.choices, *Exemption.choices)
}


@dataclass(frozen=True)
class Line:
    """One line of the trail, with what stood before and after as words."""

    change: Change
    tone: str
    differences: tuple[tuple[str, str, str], ...]


def trail(window: Window) -> list[Line]:
    """Who did what, newest first."""
    changes = window.changes.select_related("actor").order_by("-id")
    return [Line(change, _TONE_OF.get(change.what, "draft"), _differences(change)) for change in changes]


_TONE_OF: Final[dict[str, str]] = {
    Change.What.BOOKED: "booked",
    Change.What.RESCHEDULED: "booked",
    Change.What.CHANGE_APPROVED: "approved",
    Change.What.TEXT_APPROVED: "approved",
    Change.What.REJECTED: "rejected",
    Change.What.STARTED: "started",
    Change.What.FINISHED: "finished",
    Change.What.CANCELLED: "cancelled",
}


_SAID_ELSEWHERE: Final = ("booker", "expected_load", "overridden", "revision", "sequence")
"""Facts of the trail that the page shows beside it, or that only machines read."""


def _differences(change: Change) -> tuple[tuple[str, str, str], ...]:
    keys = [key for key in {**change.before, **change.after} if key not in _SAID_ELSEWHERE]
    pairs = ((key, _words(change.before.get(key)), _words(change.after.get(key))) for key in keys)
    return (
        *(
            (key.removesuffix("_at").replace("_", " "), before, after)
            for key, before, after in pairs
            if before != after
        ),
        *(_passed(each) for each in change.after.get("overridden", ())),
    )


def _passed(override: dict[str, Any]) -> tuple[str, str, str]:
    """One objection that was passed over, with its reason."""
    weight = "hard, as an emergency" if override["hard"] else "soft"
    return f"passed over ({weight})", "", f"{override['words']} “{override['reason']}”"


def _words(value: Any) -> str:
    if isinstance(value, str) and (at := _instant(value)):
        return moment(at)
    if isinstance(value, str):
        return _LABELS.get(value, value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_words(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_words(inner) for inner in value)
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)


def _instant(value: str) -> datetime | None:
    try:
        at = parse_datetime(value)
    except ValueError:
        return None
    return at if at and timezone.is_aware(at) else None


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    """The trail of all windows. Append-only: nobody edits what happened."""

    list_display = ("at", "what", "of_window", "actor", "reason")
    list_filter = ("what",)
    list_select_related = ("actor", "window")
    ordering = ("-id",)

    @display(description="Window")
    def of_window(self, change: Change) -> SafeString:
        """The way to the window's page."""
        return link(change.window)


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    """Every decision. Append-only."""

    list_display = ("decided_at", "subject", "of_window", "revision", "approver", "decision", "reason")
    list_filter = ("subject", "approved")
    list_select_related = ("approver", "window")
    ordering = ("-id",)

    @display(description="Window")
    def of_window(self, approval: Approval) -> SafeString:
        """The way to the window's page."""
        return link(approval.window)

    @display(description="Decision", ordering="approved", label={"Approved": "success", "Rejected": "danger"})
    def decision(self, approval: Approval) -> str:
        """What was decided."""
        return "Approved" if approval.approved else "Rejected"
