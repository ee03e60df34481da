"""Changes and decisions in; the log of one window, and the lists of all of them, to be read, out."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.decorators import display

from maintenance.admin.links import link
from maintenance.admin.readonly import ReadOnlyAdmin
from maintenance.audit import wording
from maintenance.models import Approval, Change, Window


def log_of_window(window: Window) -> list[wording.LogLine]:
    """Who did what, newest first."""
    changes = window.changes.select_related("actor").prefetch_related("window__services")
    return [wording.line_of_change(change) for change in changes.order_by("-id")]


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    """The changes of all windows. Append-only: nobody edits what happened."""

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
