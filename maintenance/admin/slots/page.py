"""Services, a length and perhaps some days in; the quietest slots beside their week by hours out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from maintenance import bank_time, rules, slots
from maintenance.admin import rendering
from maintenance.admin.forms import SlotsForm, TimeForm
from maintenance.admin.month.weeks_of_month import first_weekday
from maintenance.admin.slots import bars, heatmap
from maintenance.models import Service, Window
from maintenance.requests import parameters
from maintenance.slots import Slot, Suggestions, Users
from maintenance.slots.reasons import SEVERAL, share_words
from maintenance.templatetags.spans import span

_AT_FIRST: Final = 6
_MORE: Final = 24
_WEEKS_AHEAD: Final = timedelta(days=60)
_A_WEEK: Final = timedelta(days=7)
_AT_MOST: Final = timedelta(days=730)
"""Further ahead no time is checked: what stands around it is read from now on."""
_COUNTED_FOR: Final = 600
"""Seconds for which a page hands its number of users back.

Counting a million customers takes longer than all the rest of a page that is ranked anew with every move of
a slider.
"""
_COUNTED: Final = "maintenance.admin.counted"
"""Signed with this salt: only this server can write the figures."""


@dataclass(frozen=True)
class SlotOffer:
    """A slot as the page shows it, with the addresses that book it and that show its week."""

    slot: Slot
    bar: bars.LoadBar | None
    habit: str
    address: str
    week: str


@dataclass(frozen=True)
class Turn:
    """The week that is shown, and the addresses of those beside it; empty at either end."""

    first: date
    last: date
    earlier: str
    later: str


@rendering.allowed("maintenance.view_window")
@require_safe
def slots_page(request: HttpRequest, model_admin: ModelAdmin[Window]) -> HttpResponse:
    """The quietest slots for what the query asks; with `part`, only what changes with the length.

    `week` (a day) turns the heat map to a week within the next 60 days, `at` (an instant) checks one time,
    `window` names a window that is to be moved.
    """
    part = "part" in request.GET
    form = SlotsForm(request.GET if part or "service" in request.GET else None, initial={"minutes": 120})
    moved = Window.objects.filter(pk=parameters.number_parameter(request.GET, "window") or 0).first()
    facts: dict[str, Any] = {"form": form, "moved": moved, "query": request.GET, "legend": heatmap.LEGEND}
    if form.is_valid():
        facts |= _found(request, form, moved)
    if part:
        return render(request, "maintenance/admin/slots/found.html", {**facts, "part": True})
    facts |= {
        "any_service": Service.objects.exists(),
        "time_form": TimeForm(
            auto_id="other_%s",
            initial={"service": request.GET.getlist("service"), "minutes": request.GET.get("minutes", 120)},
        ),
    }
    return rendering.admin_page(request, model_admin, "maintenance/admin/slots.html", "Find a slot", facts)


def _found(request: HttpRequest, form: SlotsForm, moved: Window | None) -> dict[str, Any]:
    now, length, at = timezone.now(), form.length, parameters.instant_parameter(request.GET, "at")
    end = now + _WEEKS_AHEAD + 2 * _A_WEEK
    if at and not now - _A_WEEK <= at <= now + _AT_MOST:
        at = None
    services = sorted(form.cleaned_data["service"], key=lambda service: service.key)
    keys = [service.key for service in services]
    known = slots.slot_context(
        slots.Search(services, form.start, form.end, moved),
        now=now,
        until=max(end, at or end) + length,
        counted=_handed_back(keys, request.GET.get("users", "")),
    )
    count = _MORE if "more" in request.GET else _AT_FIRST
    found = slots.choose(known, length, count=count, staffed=form.cleaned_data["staffed"])
    query = _kept(request.GET)
    turn = _turn(query, now, parameters.day_parameter(request.GET, "week") or _best_day(found, at))
    return {
        "found": found,
        "length": length,
        "users": _signed(keys, known.users),
        "alone": len(services) == 1,
        "several": SEVERAL,
        "offers": [_offer(slot, query, moved) for slot in found.slots],
        "more": _with(query, more="1") if len(found.slots) == _AT_FIRST else "",
        "summary": _summary(found, length),
        "turn": turn,
        "map": heatmap.heatmap(
            slots.week_days(known, turn.first, length),
            length,
            ranked=found.slots,
            checked=at,
            address=lambda start: _with(query, week=str(turn.first), at=start.isoformat()) + "#checked",
        ),
        **(_checked(slots.slot_at(known, at, length), query, moved) if at else {}),
    }


def _signed(services: Sequence[str], users: Users) -> str:
    """The figures of these services, by key."""
    return signing.dumps([*services, users.customers, users.vulnerable], salt=_COUNTED)


def _handed_back(services: Sequence[str], words: str) -> Users | None:
    """The figures; None where the words are of other services, too old, or not ours."""
    try:
        *keys, customers, vulnerable = signing.loads(words, salt=_COUNTED, max_age=_COUNTED_FOR)
    except signing.BadSignature:
        return None
    return Users(customers, vulnerable) if keys == list(services) else None


def _offer(slot: Slot, query: QueryDict, moved: Window | None) -> SlotOffer:
    times = [("starts_at", slot.starts_at.isoformat()), ("ends_at", slot.ends_at.isoformat())]
    if moved:
        address = f"{reverse('admin:maintenance_window_move', args=[moved.pk])}?{urlencode(times)}"
    else:
        services = [("service", key) for key in slot.services]
        address = f"{reverse('admin:maintenance_window_book')}?{urlencode([*services, *times])}"
    return SlotOffer(
        slot=slot,
        bar=bars.load_bar(slot.load, slot.share) if slot.load and slot.share is not None else None,
        habit="" if slot.habit is None else share_words(slot.habit),
        address=address,
        week=_with(query, week=str(bank_time.bank_day(slot.starts_at))) + "#week",
    )


def _checked(slot: Slot, query: QueryDict, moved: Window | None) -> dict[str, Any]:
    """A time that was asked for, and whether it may be booked at all."""
    hard = [objection for objection in slot.objections if objection.hard]
    return {
        "checked": _offer(slot, query, moved),
        "hard": bool(hard),
        "never": any(objection.rule not in rules.SETTABLE for objection in hard),
    }


def _summary(found: Suggestions, length: timedelta) -> str:
    """What is said aloud when the slots have changed."""
    what = f"slots of {bank_time.length_words(length)}"
    if not found.slots:
        return f"No {what}."
    best = found.slots[0]
    which = "The quietest" if found.based_on_traffic else "Not based on traffic. The first"
    return f"{len(found.slots)} {what}. {which}: {span(best.starts_at, best.ends_at)}."


def _turn(query: QueryDict, now: datetime, asked: date | None) -> Turn:
    today = bank_time.bank_day(now)
    begin, end = _first_of_week(today), _first_of_week(today + _WEEKS_AHEAD)
    first = min(max(_first_of_week(asked or today), begin), end)
    return Turn(
        first=first,
        last=first + _A_WEEK - timedelta(days=1),
        earlier=_with(query, week=str(first - _A_WEEK)) if first > begin else "",
        later=_with(query, week=str(first + _A_WEEK)) if first < end else "",
    )


def _first_of_week(day: date) -> date:
    return day - timedelta(days=(day.weekday() - first_weekday(settings.COUNTRY)) % 7)


def _best_day(found: Suggestions, at: datetime | None) -> date:
    return bank_time.bank_day(at or (found.slots[0].starts_at if found.slots else found.first))


def _kept(query: QueryDict) -> QueryDict:
    """What was asked, without what each link says itself."""
    kept = query.copy()
    for name in ("part", "more", "users"):
        kept.pop(name, None)
    return kept


def _with(query: QueryDict, **more: str) -> str:
    changed = query.copy()
    for name, value in more.items():
        changed[name] = value
    return f"?{changed.urlencode()}"
