"""Services and a stretch of time in; all that stands around windows of theirs there, in few queries, out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from maintenance import bank_time, policies
from maintenance.models import Impact, RuleSetting, Service, Window
from maintenance.policies import Promise
from maintenance.rules import calendar_data, network
from maintenance.rules.calendar_data import Agreed
from maintenance.rules.context import RuleContext
from maintenance.rules.spans import Span, Spans

LIVE: Final = (Window.Status.BOOKED, Window.Status.APPROVED, Window.Status.STARTED)
"""The windows that others must keep clear of."""


def rule_context(
    services: Iterable[Service],
    starts_at: datetime,
    ends_at: datetime,
    *,
    times: Agreed | None = None,
) -> RuleContext:
    """Read all that stands around these services between two instants.

    `times` are those of the same stretch that are agreed, where somebody has just worked them out. Raises
    DoesNotExist where customers are promised nothing.
    """
    asked = frozenset(service.pk for service in services)
    promises = policies.all_promises()
    known = network.service_network()
    return RuleContext(
        asked=asked,
        away=known.away_with(asked),
        network=known,
        agreed=calendar_data.agreed_times(asked, known, starts_at, ends_at) if times is None else times,
        windows=_windows(starts_at, ends_at),
        promises=promises,
        counted=_counted(promises, starts_at, ends_at),
        weights=dict(RuleSetting.objects.values_list("rule", "weight")),
    )


def agreed_for_services(services: Iterable[Service], starts_at: datetime, ends_at: datetime) -> Agreed:
    """The times agreed for these services between two instants: what takes long, and wants no lock."""
    return calendar_data.agreed_times(
        frozenset(service.pk for service in services), network.service_network(), starts_at, ends_at
    )


def _windows(first: datetime, last: datetime, *statuses: Window.Status) -> Spans:
    windows = Window.objects.filter(status__in=statuses or LIVE, starts_at__lt=last, ends_at__gt=first)
    found = windows.values_list("pk", "starts_at", "ends_at", "exemption").order_by("pk")
    services = _pairs(Impact.objects.filter(window__in=windows).values_list("window", "service"))
    works = Window.staff.through.objects.filter(window__in=windows)
    staff = _pairs(works.values_list("window", "user"))
    return Spans(
        Span(
            f"window {pk}",
            starts_at,
            ends_at,
            services.get(pk, frozenset()),
            window=pk,
            staff=staff.get(pk, frozenset()),
            exemption=exemption,
        )
        for pk, starts_at, ends_at, exemption in found
    )


def _pairs(rows: Iterable[tuple[int, int]]) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for window, other in rows:
        found[window].add(other)
    return {window: frozenset(others) for window, others in found.items()}


def _counted(promises: Iterable[Promise], first: datetime, last: datetime) -> Spans:
    """By the bank's calendar, whole years: budgets of a month and of a year are counted in them."""
    if not any(
        policy.most_per_month is not None or policy.downtime_per_month or policy.downtime_per_year
        for policy in (promise.policy for promise in promises)
    ):
        return Spans()
    year, next_year = bank_time.bank_day(first).year, bank_time.bank_day(last).year + 1
    return _windows(bank_time.new_year(year), bank_time.new_year(next_year), *LIVE, Window.Status.FINISHED)
