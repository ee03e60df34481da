"""A month or a week in; its page, with everything that lies in it, out."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from maintenance.admin import rendering
from maintenance.admin.forms import TargetForm
from maintenance.admin.month import entries, week, weeks_of_month
from maintenance.admin.month.entries import CalendarEntry, EntryKind
from maintenance.models import Service, Window
from maintenance.requests import parameters


@dataclass(frozen=True)
class Around:
    """Where one can turn to from here: addresses, each with the service that was chosen."""

    earlier: str
    today: str
    later: str
    months: str
    weeks: str


@rendering.allowed("maintenance.view_window")
@require_safe
def calendar_page(request: HttpRequest, model_admin: ModelAdmin[Window]) -> HttpResponse:
    """The week in the query (`?week=2026-11-29`), or its month (`?month=2026-11`), else the present month."""
    services = list(Service.objects.all())
    key = request.GET.get("service", "")
    service = next((service for service in services if service.key == key), None)
    today = timezone.localdate()
    first = weeks_of_month.first_weekday(settings.COUNTRY)
    shown = (
        _week(request, today, first, service)
        if "week" in request.GET
        else _month(request, today, first, service)
    )
    facts = {
        **shown,
        "today": today,
        "services": services,
        "service": service,
        "troubled": _troubled(shown["entries"]),
        "statuses": Window.Status,
    }
    return rendering.admin_page(
        request, model_admin, "maintenance/admin/calendar/page.html", "Calendar", facts
    )


def _month(request: HttpRequest, today: date, first: int, service: Service | None) -> dict[str, Any]:
    of = parameters.month_parameter(request.GET, "month") or today.replace(day=1)
    weeks = weeks_of_month.weeks_of_month(of, first)
    between = entries.entries_between(weeks[0][0], weeks[-1][-1], service)
    found = between.entries
    days = [of.replace(day=number + 1) for number in range(calendar.monthrange(of.year, of.month)[1])]
    inside = today if (today.year, today.month) == (of.year, of.month) else of
    return {
        "month": of,
        "weekdays": [date_format(day, "D") for day in weeks[0]],
        "weeks": [
            weeks_of_month.Week(tuple(days), tuple(weeks_of_month.bars_of_week(days, found)))
            for days in weeks
        ],
        "entries": found,
        "broken": between.broken,
        "more": between.more,
        "agenda": weeks_of_month.agenda(days, found),
        "around": Around(
            earlier=_to(service, month=f"{of - timedelta(days=1):%Y-%m}"),
            today=_to(service),
            later=_to(service, month=f"{of + timedelta(days=31):%Y-%m}"),
            months=_to(service, month=f"{of:%Y-%m}"),
            weeks=_to(service, week=str(inside)),
        ),
        "query": {"month": f"{of:%Y-%m}"},
    }


def _week(request: HttpRequest, today: date, first: int, service: Service | None) -> dict[str, Any]:
    days = weeks_of_month.week_of(parameters.day_parameter(request.GET, "week") or today, first)
    between = entries.entries_between(days[0], days[-1], service)
    found = between.entries
    above = [entry for entry in found if not entry.timed or entry.kind is EntryKind.FREEZE]
    return {
        "days": days,
        "columns": week.week_columns(days, found),
        "hours": [f"{hour:02}:00" for hour in range(24)],
        "above": weeks_of_month.bars_of_week(days, above),
        "entries": found,
        "broken": between.broken,
        "more": between.more,
        "agenda": weeks_of_month.agenda(days, found),
        "around": Around(
            earlier=_to(service, week=str(days[0] - timedelta(days=7))),
            today=_to(service, week=str(today)),
            later=_to(service, week=str(days[0] + timedelta(days=7))),
            months=_to(service, month=f"{days[3]:%Y-%m}"),
            weeks=_to(service, week=str(days[0])),
        ),
        "query": {"week": str(days[0])},
        **_moving(request),
    }


def _moving(request: HttpRequest) -> dict[str, Any]:
    """The window that somebody wants to move, with the question where to."""
    pk = parameters.number_parameter(request.GET, "moving")
    if pk is None or not request.user.has_perm("maintenance.book_window"):
        return {}
    window = Window.objects.filter(pk=pk, status__in=entries.MOVABLE).prefetch_related("services").first()
    if window is None:
        return {}
    return {"moving": window, "target": TargetForm(initial={"starts_at": window.starts_at})}


def _troubled(shown: Sequence[CalendarEntry]) -> list[CalendarEntry]:
    return [entry for entry in shown if entry.conflicts]


def _to(service: Service | None, **query: str) -> str:
    return "?" + urlencode({**query, **({"service": service.key} if service else {})})
