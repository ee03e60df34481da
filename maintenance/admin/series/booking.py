"""A first time and how it repeats in; its times ahead with what stands against each, and the series, out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from maintenance import rules
from maintenance.admin import rechecking, rendering
from maintenance.admin.forms import BookForm, TimeForm, offered_minutes
from maintenance.admin.times.repeat import RepeatField
from maintenance.admin.times.repeating_fields import rule_of
from maintenance.booking import series
from maintenance.booking.validation import Refused
from maintenance.models import Series
from maintenance.proposals import Proposal
from maintenance.recurrence import repeats
from maintenance.recurrence.repeats import Every, Repeat

_ASKED: Final = ("service", "starts_at", "ends_at", "minutes")


class RepeatedForm(TimeForm):
    """The first time, and how it repeats."""

    recurrence = RepeatField(
        initial=Repeat(Every.WEEK),
        help_text="By the bank's clock. A month that is too short for its date is passed over.",
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["starts_at"].label = "First start"

    def clean(self) -> dict[str, Any]:
        """The rule as text; a window that does not repeat is no series."""
        cleaned = super().clean() or {}
        start, repeat = cleaned.get("starts_at"), cleaned.get("recurrence")
        if start and repeat is not None:
            try:
                cleaned["recurrence"] = rule_of(repeat, start)
            except ValidationError as problem:
                self.add_error("recurrence", problem)
            else:
                if not cleaned["recurrence"]:
                    self.add_error("recurrence", "Say how it repeats, or book a single window.")
        return cleaned


@rendering.allowed("maintenance.book_window")
@require_http_methods(["GET", "HEAD", "POST"])
def series_booking_page(request: HttpRequest, model_admin: ModelAdmin[Series]) -> HttpResponse:
    """Asks for the first time, shows the times ahead, and books them; a GET changes nothing."""
    given = request.POST if request.method == "POST" else request.GET
    time = RepeatedForm(
        given if "starts_at" in given and "recurrence_every" in given else None, initial=_initial(given)
    )
    if not time.is_valid():
        return _time_page(request, model_admin, time)
    asked = time.cleaned_data
    recurrence = asked["recurrence"]
    booker, now = request.user, timezone.now()
    assert isinstance(booker, User)  # the decorator let nobody else in
    form = BookForm(
        request.POST if request.method == "POST" else None, booker=booker, services=asked["service"]
    )
    valid = form.is_valid()
    proposal = form.proposal(asked["starts_at"], asked["ends_at"])
    facts: dict[str, Any] = {}
    try:
        if valid:
            made = series.book_series(proposal, recurrence, by=booker, now=now)
            messages.success(request, _said(made))
            rechecking.recheck_behind(request)
            return HttpResponseRedirect(reverse("admin:maintenance_series_change", args=[made.pk]))
    except Refused as refused:
        facts["refused"] = refused.objections
    try:
        shown = series.preview(proposal, recurrence, now=now)
    except Refused as refused:
        return _time_page(request, model_admin, time, refused.objections)
    form.ask(objection for each in shown for objection in each.against)
    facts |= {"time": time, "form": form, "kept": list(_kept(given)), **_preview(proposal, recurrence, shown)}
    return rendering.admin_page(
        request, model_admin, "maintenance/admin/series/book.html", "Book a series", facts
    )


def _time_page(
    request: HttpRequest,
    model_admin: ModelAdmin[Series],
    time: RepeatedForm,
    refused: Sequence[rules.Objection] = (),
) -> HttpResponse:
    """Where the first time is asked for, with why it cannot be a series."""
    facts = {"time": time, "refused": refused}
    return rendering.admin_page(
        request, model_admin, "maintenance/admin/series/time.html", "Book a series", facts
    )


def _preview(proposal: Proposal, recurrence: str, shown: Sequence[series.Occurrence]) -> dict[str, Any]:
    """The times ahead, as the page shows them."""
    return {
        "services": proposal.services,
        "first": (proposal.starts_at, proposal.ends_at),
        "repeats": repeats.repeat_words(recurrence, proposal.starts_at),
        "shown": shown,
        "at_once": sum(each.at_once for each in shown),
        "troubled": sum(bool(each.against) for each in shown),
        "rules": rules.SETTABLE,
    }


def _initial(given: QueryDict) -> dict[str, Any]:
    """What another page knows already: a time that somebody looked at, and now wants to repeat."""
    initial: dict[str, Any] = {"minutes": 120, "service": given.getlist("service")}
    looked_at = TimeForm(given)
    if looked_at.is_valid():
        starts_at, ends_at = (looked_at.cleaned_data[name] for name in ("starts_at", "ends_at"))
        initial |= {"starts_at": starts_at, "minutes": offered_minutes(ends_at - starts_at)}
    return initial


def _kept(given: QueryDict) -> Iterator[tuple[str, str]]:
    """What was asked, for the form that books it."""
    for name in given:
        if name in _ASKED or name.startswith("recurrence_"):
            for value in given.getlist(name):
                yield name, value


def _said(made: Series) -> str:
    booked, left_out = made.windows.count(), made.skipped.count()
    words = f"{booked} window{'s' if booked != 1 else ''} booked; each waits for its approvals."
    if left_out:
        words += (
            f" {left_out} could not be booked: choose another time for {'them' if left_out > 1 else 'it'}."
        )
    return words
