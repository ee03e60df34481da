"""Services and a stretch of time in; all that stands around windows of theirs there, in few queries, out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from maintenance import clock, policies
from maintenance.models import Alternative, Customer, Freeze, NoticePolicy, RuleSetting, Service, Window
from maintenance.rules.spans import Span, Spans
from maintenance.rules.surroundings import Surroundings

LIVE: Final = (Window.Status.BOOKED, Window.Status.APPROVED, Window.Status.STARTED)
"""The windows that others must keep clear of."""


def surroundings(
    services: Iterable[Service],
    starts_at: datetime,
    ends_at: datetime,
    *,
    moved: Window | None = None,
    exemption: str = "",
) -> Surroundings:
    """Read all that stands around these services between two instants.

    `moved` is the window that is being moved, which does not stand against itself.
    """
    asked = frozenset(service.pk for service in services)
    promised = _policies()
    return Surroundings(
        asked=asked,
        names=dict(Service.objects.values_list("pk", "name")),
        needs=needs(),
        instead=_instead(),
        freezes=_freezes(starts_at, ends_at),
        windows=_windows(starts_at, ends_at),
        policy=promised[0],
        policies=promised,
        counted=_counted(promised, starts_at, ends_at),
        weights=dict(RuleSetting.objects.values_list("rule", "weight")),
        own=moved.pk if moved else None,
        moved=moved,
        exemption=exemption,
    )


def needs() -> dict[int, frozenset[int]]:
    """For each service all it depends on, at any remove, and itself."""
    direct: dict[int, set[int]] = defaultdict(set)
    for service, other in Service.depends_on.through.objects.values_list("from_service", "to_service"):
        direct[service].add(other)
    return {service: _reached(service, direct) for service in Service.objects.values_list("pk", flat=True)}


def _reached(service: int, direct: Mapping[int, set[int]]) -> frozenset[int]:
    reached, ahead = {service}, [service]
    while ahead:
        found = direct.get(ahead.pop(), set()) - reached
        reached |= found
        ahead += found
    return frozenset(reached)


def _policies() -> tuple[NoticePolicy, ...]:
    """Customers' first. Raises DoesNotExist, with what to do, where they are promised nothing."""
    found = list(NoticePolicy.objects.order_by("audience"))
    if not any(policy.audience == Customer.Kind.CUSTOMER for policy in found):
        found.append(policies.of())  # says what to do
    return tuple(sorted(found, key=lambda policy: policy.audience != Customer.Kind.CUSTOMER))


def _instead() -> dict[int, frozenset[int]]:
    instead: dict[int, set[int]] = defaultdict(set)
    for service, other in Alternative.objects.filter(instead__isnull=False).values_list("service", "instead"):
        instead[service].add(other)
    return {service: frozenset(others) for service, others in instead.items()}


def _freezes(first: datetime, last: datetime) -> Spans:
    freezes = Freeze.objects.filter(starts_at__lt=last, ends_at__gt=first).prefetch_related("services")
    return Spans(
        Span(freeze.name, freeze.starts_at, freeze.ends_at, _keys(freeze.services.all()))
        for freeze in freezes
    )


def _windows(first: datetime, last: datetime, *statuses: Window.Status) -> Spans:
    windows = Window.objects.filter(status__in=statuses or LIVE, starts_at__lt=last, ends_at__gt=first)
    return Spans(
        Span(
            f"window {window.pk}",
            window.starts_at,
            window.ends_at,
            _keys(window.services.all()),
            window=window.pk,
        )
        for window in windows.prefetch_related("services")
    )


def _counted(promised: Iterable[NoticePolicy], first: datetime, last: datetime) -> Spans:
    """By the bank's calendar, whole years: budgets of a month and of a year are counted in them."""
    if not any(
        policy.most_per_month is not None or policy.downtime_per_month or policy.downtime_per_year
        for policy in promised
    ):
        return Spans()
    year, next_year = clock.bank_day(first).year, clock.bank_day(last).year + 1
    return _windows(clock.new_year(year), clock.new_year(next_year), *LIVE, Window.Status.FINISHED)


def _keys(services: Iterable[Service]) -> frozenset[int]:
    return frozenset(service.pk for service in services)
