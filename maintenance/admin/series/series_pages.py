"""Repeating windows: a list of them, and for each one page with its windows and what could not be booked."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Count, DateTimeField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from unfold.decorators import display

from maintenance import bank_time, recurrence, rules
from maintenance.admin import rendering
from maintenance.admin.forms import SettleForm, offered_minutes
from maintenance.admin.readonly import ReadOnlyAdmin
from maintenance.admin.series import booking
from maintenance.booking import series
from maintenance.booking.validation import Refused
from maintenance.models import Conflict, Impact, Series, Skipped, Window
from maintenance.recurrence import RecurrenceError, repeats
from maintenance.templatetags.spans import moment

_AROUND: Final = timedelta(days=3)
_PAST: Final = 5
_OPEN: Final = Q(skipped__settled_at=None, skipped__isnull=False)


@admin.register(Series)
class SeriesAdmin(ReadOnlyAdmin):
    """Read in the admin, changed by the domain."""

    list_display = ("what", "repeats", "next_window", "left_out", "standing")
    list_display_links = ("what", "repeats")
    search_fields = ("purpose", "services__name")
    search_help_text = "Purpose or service"
    list_before_template = "maintenance/admin/series/above.html"  # type: ignore[assignment]  # unfold says None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Series]:
        """With what the list shows, so that it costs the same queries for one series as for fifty."""
        coming = Window.objects.filter(
            series=OuterRef("pk"), status__in=rules.LIVE, ends_at__gt=timezone.now()
        ).order_by("starts_at")
        rows: QuerySet[Series] = super().get_queryset(request)
        return rows.prefetch_related("services").annotate(
            next_at=Subquery(coming.values("starts_at")[:1], output_field=DateTimeField()),
            open=Count("skipped", filter=_OPEN, distinct=True),
        )

    @display(description="Services")
    def what(self, row: Series) -> str:
        """What is away each time."""
        return ", ".join(service.name for service in row.services.all())

    @display(description="Repeats")
    def repeats(self, row: Series) -> str:
        """Its rule in words, with the hour."""
        words = repeats.repeat_words(row.recurrence, row.starts_at)
        return f"{words}, {timezone.localtime(row.starts_at):%H:%M}"

    @display(description="Next window", ordering="next_at")
    def next_window(self, row: Series) -> str:
        """When the next one begins."""
        return moment(row.next_at)  # type: ignore[attr-defined]

    @display(description="Could not be booked", ordering="open")
    def left_out(self, row: Series) -> str:
        """How many of its times nobody has taken care of."""
        number = row.open  # type: ignore[attr-defined]
        return f"{number}: choose other times" if number else "–"

    @display(
        description="Status",
        label={"Goes on": "success", "Ended": "default", "Over": "default", "Broken": "danger"},
    )
    def standing(self, row: Series) -> str:
        """Whether more are made."""
        return _standing(row, timezone.now())

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        """The pages beside the list and those under a series."""
        return (
            ("book/", "maintenance_series_book", booking.series_booking_page),
            ("<int:pk>/end/", "maintenance_series_end", end_series),
            ("<int:pk>/settle/<int:skipped>/", "maintenance_series_settle", settle_skipped),
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one series, to be read: what is done to it has addresses of its own."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404("There is no such series.")
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return _page(request, self, row)


def _page(
    request: HttpRequest,
    model_admin: ModelAdmin[Series],
    row: Series,
    wrong: tuple[int, SettleForm] | None = None,
) -> HttpResponse:
    now = timezone.now()
    still = Prefetch("conflicts", Conflict.objects.filter(gone_at=None))
    windows = row.windows.order_by("starts_at").prefetch_related(still)
    left_out = row.skipped.filter(settled_at=None)
    facts = {
        "object": row,
        "series": row,
        "repeats": repeats.repeat_words(row.recurrence, row.starts_at),
        "standing": _standing(row, now),
        "broken": "" if row.ended_at else recurrence.why_broken(row.recurring, now),
        "length": row.ends_at - row.starts_at,
        "impacts": [
            (service, Impact.Level(row.levels.get(service.key, Impact.Level.OUTAGE)).label)
            for service in row.services.all()
        ],
        "reasons": [
            (rules.SETTABLE[name].title, why) for name, why in row.reasons.items() if name in rules.SETTABLE
        ],
        "coming": windows.filter(ends_at__gt=now),
        "past": list(windows.filter(ends_at__lte=now).reverse()[:_PAST]),
        "left_out": [(skipped, _elsewhere(row, skipped, now), _form(skipped, wrong)) for skipped in left_out],
        "settled": row.skipped.exclude(settled_at=None).select_related("settled_by"),
    }
    return rendering.admin_page(request, model_admin, "maintenance/admin/series/series.html", "Series", facts)


def _standing(row: Series, now: datetime) -> str:
    """In a word: somebody ended it, its rule names no more times, or it goes on."""
    if row.ended_at:
        return "Ended"
    try:
        times = recurrence.coming_times(row.recurring, now, 1)
    except RecurrenceError:
        return "Broken"
    return "Goes on" if times else "Over"


def _form(skipped: Skipped, wrong: tuple[int, SettleForm] | None) -> SettleForm:
    if wrong and wrong[0] == skipped.pk:
        return wrong[1]
    return SettleForm(auto_id=f"settle-{skipped.pk}-%s")


def _elsewhere(row: Series, skipped: Skipped, now: datetime) -> str:
    """The page of slots, for a time as long in the days around one that could not be booked."""
    wanted = bank_time.bank_day(skipped.occurrence_at)
    first: date = max(wanted - _AROUND, bank_time.bank_day(now))
    query: list[tuple[str, object]] = [("service", service.key) for service in row.services.all()]
    query += [
        ("minutes", offered_minutes(row.ends_at - row.starts_at)),
        ("after", first),
        ("before", max(wanted + _AROUND, first)),
    ]
    return f"{reverse('admin:maintenance_window_slots')}?{urlencode(query)}"


@rendering.allowed("maintenance.book_window")
@require_http_methods(["GET", "HEAD", "POST"])
def end_series(request: HttpRequest, model_admin: ModelAdmin[Series], pk: int) -> HttpResponse:
    """Asks by GET and does it by POST; what is booked stays, and each can be cancelled on its own."""
    row = get_object_or_404(Series.objects.prefetch_related("services"), pk=pk)
    refused = ""
    if request.method == "POST":
        assert isinstance(request.user, User)  # the decorator let nobody else in
        try:
            series.end_series(row, by=request.user, now=timezone.now())
        except Refused as problem:
            refused = str(problem)
        else:
            messages.success(request, "Ended: no more windows are booked. Those that are booked stay.")
            return HttpResponseRedirect(reverse("admin:maintenance_series_change", args=[pk]))
    coming = row.windows.filter(ends_at__gt=timezone.now(), status__in=rules.LIVE).order_by("starts_at")
    facts = {"object": row, "series": row, "refused": refused, "coming": coming}
    return rendering.admin_page(
        request, model_admin, "maintenance/admin/series/end.html", "End a series", facts
    )


@rendering.allowed("maintenance.book_window")
@require_POST
def settle_skipped(
    request: HttpRequest, model_admin: ModelAdmin[Series], pk: int, skipped: int
) -> HttpResponse:
    """Somebody has taken care of a time that could not be booked; without words the page asks again."""
    row = get_object_or_404(Series.objects.prefetch_related("services"), pk=pk)
    left_out = get_object_or_404(Skipped, pk=skipped, series=row)
    form = SettleForm(request.POST, auto_id=f"settle-{skipped}-%s")
    if not form.is_valid():
        return _page(request, model_admin, row, (skipped, form))
    assert isinstance(request.user, User)  # the decorator let nobody else in
    try:
        series.settle_skipped(left_out, form.cleaned_data["said"], by=request.user, now=timezone.now())
    except Refused as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "Noted: somebody has taken care of it.")
    return HttpResponseRedirect(reverse("admin:maintenance_series_change", args=[pk]))
