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

from maintenance import rules, series
from maintenance.admin import frame
from maintenance.admin.repeat import RepeatField
from maintenance.admin.times_fields import rule
from maintenance.forms import SeriesForm, TimeForm
from maintenance.models import Series
from maintenance.recurrence import repeats
from maintenance.recurrence.repeats import Every, Repeat
from maintenance.refusals import Refused
from maintenance.series import Occurrence

_ASKED: Final = ("service", "starts_at", "ends_at", "minutes")


class RepeatedForm(TimeForm):
    """The first time, and how it repeats."""

    recurrence = RepeatField(initial=Repeat(Every.WEEK))

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["starts_at"].label = "First start"

    def clean(self) -> dict[str, Any]:
        """The rule as text; a window that does not repeat is no series."""
        cleaned = super().clean() or {}
        start, repeat = cleaned.get("starts_at"), cleaned.get("recurrence")
        if start and repeat is not None:
            try:
                cleaned["recurrence"] = rule(repeat, start)
            except ValidationError as problem:
                self.add_error("recurrence", problem)
            else:
                if not cleaned["recurrence"]:
                    self.add_error("recurrence", "Say how it repeats, or book a single window.")
        return cleaned


@frame.allowed("maintenance.book_window")
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, model_admin: ModelAdmin[Series]) -> HttpResponse:
    """Asks for the first time, shows the times ahead, and books them; a GET changes nothing."""
    given = request.POST if request.method == "POST" else request.GET
    time = RepeatedForm(
        given if "starts_at" in given and "recurrence_every" in given else None, initial=_initial(given)
    )
    facts: dict[str, Any] = {"time": time}
    if not time.is_valid():
        return frame.render(
            request, model_admin, "maintenance/admin/series/time.html", "Book a series", facts
        )
    asked = time.cleaned_data
    chosen = (list(asked["service"]), asked["starts_at"], asked["ends_at"], asked["recurrence"])
    booker, now = request.user, timezone.now()
    assert isinstance(booker, User)  # the decorator let nobody else in
    try:
        shown = series.preview(*chosen, now=now)
    except Refused as refused:
        facts["refused"] = refused.objections
        return frame.render(
            request, model_admin, "maintenance/admin/series/time.html", "Book a series", facts
        )
    form = SeriesForm(
        request.POST if request.method == "POST" else None,
        booker=booker,
        services=chosen[0],
        soft=_soft(shown),
    )
    if form.is_valid():
        try:
            made = series.book(
                *chosen,
                purpose=form.cleaned_data["purpose"],
                by=booker,
                now=now,
                levels=form.levels,
                reasons=form.reasons,
            )
        except Refused as refused:
            facts["refused"] = refused.objections
        else:
            messages.success(request, _said(made))
            return HttpResponseRedirect(reverse("admin:maintenance_series_change", args=[made.pk]))
    facts |= {
        "form": form,
        "services": chosen[0],
        "first": chosen[1:3],
        "repeats": repeats.words(chosen[3], chosen[1]),
        "shown": shown,
        "at_once": [each for each in shown if each.at_once],
        "troubled": sum(bool(each.against) for each in shown),
        "kept": list(_kept(given)),
    }
    return frame.render(request, model_admin, "maintenance/admin/series/book.html", "Book a series", facts)


def _initial(given: QueryDict) -> dict[str, Any]:
    """What another page knows already: a time that somebody looked at, and now wants to repeat."""
    known = {name: given[name] for name in ("starts_at", "minutes") if name in given}
    return {"minutes": 120, **known, "service": given.getlist("service")}


def _kept(given: QueryDict) -> Iterator[tuple[str, str]]:
    """What was asked, for the form that books it."""
    for name in given:
        if name in _ASKED or name.startswith("recurrence_"):
            for value in given.getlist(name):
                yield name, value


def _soft(shown: Sequence[Occurrence]) -> list[str]:
    """The rules that stand against some of the times, and that a reason passes."""
    found = (objection for each in shown for objection in each.against)
    names = (objection.rule for objection in found if not objection.hard and objection.rule in rules.SETTABLE)
    return list(dict.fromkeys(names))


def _said(made: Series) -> str:
    booked, left_out = made.windows.count(), made.skipped.count()
    words = f"{booked} window{'s' if booked != 1 else ''} booked; each waits for its approvals."
    if left_out:
        words += (
            f" {left_out} could not be booked: choose another time for {'them' if left_out > 1 else 'it'}."
        )
    return words
