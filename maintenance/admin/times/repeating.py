"""The times that repeat: freezes, standing windows, hours of support and cut-offs. A list and a page each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from maintenance import bank_days, bank_time, recurrence
from maintenance.admin.rechecking import Rechecking
from maintenance.admin.times import importing
from maintenance.admin.times.repeating_fields import (
    CutoffForm,
    FreezeForm,
    StandingWindowForm,
    SupportCoverForm,
)
from maintenance.models import Cutoff, Freeze, StandingWindow, SupportCover
from maintenance.recurrence import Budget, BudgetExceeded, RecurrenceError, repeats
from maintenance.templatetags.spans import duration, span

Times = Sequence[tuple[datetime, datetime]]
Repeating = Freeze | StandingWindow | SupportCover | Cutoff

SHOWN: Final = 5
_DAYS_LOOKED_AT: Final = 40
_LEFT_OUT: Final = "Not worked out: there are too many rows. Delete those that are over."


def broken_row(problem: object) -> SafeString:
    """What a row shows of itself that cannot be worked out, so that somebody mends it."""
    return format_html('<strong class="lull-flag">Broken, and not considered:</strong> {}', str(problem))


@dataclass(frozen=True, slots=True)
class Next:
    """The time of a row that is under way or the next one, or what is wrong with the row."""

    times: Times = ()
    """None where it is over."""
    problem: str = ""
    left_out: bool = False
    """The rows before it took all that the page may take."""


def _next(row: Repeating, now: datetime, page: Budget) -> Next:
    try:
        budget = page.row()
    except BudgetExceeded:
        return Next(left_out=True)
    try:
        return Next(recurrence.coming_times(row.recurring, now, 1, budget=budget))
    except RecurrenceError as problem:
        return Next(problem=str(problem))


class RepeatingAdmin(Rechecking):
    """What has a first time, a rule by which it repeats, and services."""

    list_display: Any = ("name", "next_time", "repeats", "touched")
    search_fields = ("name",)
    autocomplete_fields: ClassVar[Any] = ("services",)
    readonly_fields: ClassVar[Any] = ("coming", "first_time", "repeats", "touched")
    written: ClassVar[tuple[Any, ...]] = ("name", "services", ("starts_at", "ends_at"), "recurrence")
    read: ClassVar[tuple[Any, ...]] = ("name", "touched", "first_time", "repeats")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the services."""
        rows: QuerySet[Any] = super().get_queryset(request).prefetch_related("services")
        return rows

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Each row with its next time: all of them within what one page may take."""
        found = super().get_changelist_instance(request)
        page, now = Budget.of_all(), timezone.now()
        for row in found.result_list:
            row.next = _next(row, now, page)
        return found

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[Any, ...]:
        """Words for readers, fields for those who may change them; what has been saved says what it means."""
        if obj is None:
            return self.written
        return (*(self.written if self.has_change_permission(request, obj) else self.read), "coming")

    @display(description="Next time", ordering="starts_at")
    def next_time(self, row: Any) -> str:
        """The time that is under way, or the next one; of a row of a list."""
        if row.next.problem or row.next.left_out:
            return "Unknown"
        return span(*row.next.times[0]) if row.next.times else "Over"

    @display(description="Next times")
    def coming(self, row: Repeating) -> SafeString | str:
        """What the rule comes to: the surest way to see that it is the one that was meant."""
        try:
            times = self.times(row, timezone.now())
        except RecurrenceError as problem:
            return broken_row(problem)
        return format_html_join("", "<p>{}</p>", ((span(*each),) for each in times)) or "None: it is over."

    def times(self, row: Any, now: datetime) -> Times:
        """The next times that are not over. Raises RecurrenceError."""
        return recurrence.coming_times(row.recurring, now, SHOWN)

    @display(description="First time")
    def first_time(self, row: Repeating) -> str:
        """From when till when."""
        return span(row.starts_at, row.ends_at)

    @display(description="Repeats")
    def repeats(self, row: Any) -> SafeString | str:
        """Its rule in words, or what is wrong with it."""
        # on a page of its own it is the only row
        found: Next = getattr(row, "next", None) or _next(row, timezone.now(), Budget.of_all())
        said = repeats.repeat_words(row.recurrence, row.starts_at)
        if found.left_out:
            return f"{said}. {_LEFT_OUT}"
        return broken_row(found.problem) if found.problem else said

    @display(description="Hours")
    def hours(self, row: Repeating) -> str:
        """From which time of the day till which; for longer than a day how long."""
        begin, end = timezone.localtime(row.starts_at), timezone.localtime(row.ends_at)
        if row.ends_at - row.starts_at > timedelta(days=1):
            return duration(row.ends_at - row.starts_at)
        return f"{begin:%H:%M} – {end:%H:%M}"

    @display(description="Services")
    def touched(self, row: Freeze | StandingWindow | SupportCover) -> str:
        """Those it is for."""
        return ", ".join(service.name for service in row.services.all()) or "Every service"


@admin.register(Freeze)
class FreezeAdmin(RepeatingAdmin):
    """Times in which nothing may be touched."""

    form = FreezeForm
    actions_list: Any = ("from_calendar",)
    readonly_fields = (*RepeatingAdmin.readonly_fields, "origin")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[Any, ...]:
        """And where it comes from, if it was imported."""
        fields = super().get_fields(request, obj)
        return (*fields, "origin") if isinstance(obj, Freeze) and obj.uid else fields

    @display(description="From a calendar")
    def origin(self, row: Freeze) -> str:
        """Why a change made here may not last."""
        return "Imported. The next import of that calendar brings it back to what stands there."

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        """The two pages of an import."""
        return (
            ("import/", "maintenance_freeze_import", importing.upload_page),
            ("import/<str:key>/", "maintenance_freeze_import_confirm", importing.confirm_page),
        )

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Whether it is offered. Permissions by name would be looked up before `migrate` has made them."""
        return request.user.has_perms(importing.PERMISSIONS)

    @action(description="Import a calendar", icon="upload", permissions=["import"])  # type: ignore[operator]
    def from_calendar(self, request: HttpRequest) -> HttpResponseRedirect:
        """The way there, beside the list."""
        return HttpResponseRedirect(reverse("admin:maintenance_freeze_import"))


@admin.register(StandingWindow)
class StandingWindowAdmin(RepeatingAdmin):
    """Times agreed for maintenance, outside of which a service is not touched."""

    form = StandingWindowForm


@admin.register(SupportCover)
class SupportCoverAdmin(RepeatingAdmin):
    """When somebody answers customers."""

    form = SupportCoverForm
    list_display = ("name", "repeats", "hours", "holidays", "touched")
    readonly_fields = (*RepeatingAdmin.readonly_fields, "holidays")
    written = (*RepeatingAdmin.written, "on_holidays")
    read = (*RepeatingAdmin.read, "holidays")

    def times(self, row: SupportCover, now: datetime) -> Times:
        """Without public holidays, if nobody answers then: of its services' country, or of the bank's."""
        times = recurrence.coming_times(row.recurring, now, _DAYS_LOOKED_AT)
        country = bank_days.days_of_country(
            next((service.country for service in row.services.all()), settings.COUNTRY)
        )
        open_ = [at for at in times if row.on_holidays or not country.holiday(bank_time.bank_day(at[0]))]
        return open_[:SHOWN]

    @display(description="On public holidays")
    def holidays(self, row: SupportCover) -> str:
        """Whether anybody answers on them."""
        return "Staffed" if row.on_holidays else "Closed"


@admin.register(Cutoff)
class CutoffAdmin(RepeatingAdmin):
    """When a service must run: for a batch, for salary files, for clearing."""

    form = CutoffForm
    list_display = ("name", "kind", "service", "repeats", "hours", "on_days")
    list_filter = ("kind", "service")
    list_select_related = ("service",)
    autocomplete_fields = ("service",)
    readonly_fields = ("coming", "first_time", "repeats", "on_days")
    written = ("service", "kind", "name", ("starts_at", "ends_at"), "recurrence", "working_days_only")
    read = ("service", "kind", "name", "first_time", "repeats", "on_days")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cutoff]:
        """A cut-off is of one service."""
        rows: QuerySet[Cutoff] = super(RepeatingAdmin, self).get_queryset(request)
        return rows

    def times(self, row: Cutoff, now: datetime) -> Times:
        """Without days of rest, if it is for working days."""
        times = recurrence.coming_times(row.recurring, now, _DAYS_LOOKED_AT)
        country = bank_days.days_of_country(row.service.country)
        held = [
            at
            for at in times
            if not row.working_days_only or country.is_working_day(bank_time.bank_day(at[0]))
        ]
        return held[:SHOWN]

    @display(description="Days")
    def on_days(self, row: Cutoff) -> str:
        """On which of its days it holds."""
        return "Working days only" if row.working_days_only else "All"
