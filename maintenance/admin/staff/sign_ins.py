"""Sign-ins in; the list of who did, who tried and who was refused, out."""

from __future__ import annotations

from django.contrib import admin
from unfold.decorators import display

from maintenance.admin.readonly import ReadOnlyAdmin
from maintenance.models import SignIn

_NOBODY = "No such account"


@admin.register(SignIn)
class SignInAdmin(ReadOnlyAdmin):
    """One row for each account, address, outcome and day, newest first."""

    list_display = ("last_at", "who", "address", "what", "times", "first_at")
    list_display_links = None
    list_filter = ("outcome", "day")
    search_fields = ("account", "address")
    ordering = ("-last_at", "-id")

    @display(description="Account", ordering="account")
    def who(self, row: SignIn) -> str:
        """Whose name was typed."""
        return row.account or _NOBODY

    @display(
        description="Outcome",
        ordering="outcome",
        label={
            SignIn.Outcome.SIGNED_IN.label: "success",
            SignIn.Outcome.WRONG_PASSWORD.label: "warning",
            SignIn.Outcome.THROTTLED.label: "danger",
            SignIn.Outcome.ENDED.label: "danger",
        },
    )
    def what(self, row: SignIn) -> str:
        """What became of it."""
        return row.get_outcome_display()
