"""Samples in, to keep; the expected week of a service, learnt from what is kept, out."""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np
from django.db import connection, transaction
from django.db.models import Q

from maintenance import bank_days, bank_time, upserts
from maintenance.bank_days import critical_days
from maintenance.models import CriticalDay, Service, TrafficProfile, TrafficSample, Window
from maintenance.recurrence import RecurrenceError
from maintenance.traffic import learning, storage
from maintenance.traffic.forecast import Load, Profile, TooLittle
from maintenance.traffic.place import Place
from maintenance.traffic.weeks import MOST_WEEKS

__all__ = ["Load", "Profile", "TooLittle", "keep_samples", "profile"]

log = logging.getLogger(__name__)

_LEARNT_FROM: Final = timedelta(weeks=MOST_WEEKS + 1)
_LOOKED_AHEAD: Final = timedelta(days=400)
"""So far ahead a profile knows the service's critical days."""


def keep_samples(service: Service, samples: Sequence[tuple[datetime, float]]) -> int:
    """Keep samples (the aware instant at which each begins, its count), all or none; how many are news.

    A sample for an instant that is already kept takes its place; of two in one call the later one
    counts. Raises ValueError for a time without a zone, and for a count that is negative or no number.
    """
    for at, count in samples:
        if at.tzinfo is None:
            raise ValueError(f"The sample at {at} has no time zone: say on which clock it was counted.")
        if not (math.isfinite(count) and count >= 0):
            raise ValueError(f"The count at {at.isoformat()} is {count}: it must be a number, zero or more.")
    adapt = connection.ops.adapt_datetimefield_value
    rows = [(service.pk, adapt(at), count) for at, count in dict(samples).items()]
    with transaction.atomic():
        written = upserts.upsert(
            TrafficSample,
            ("service_id", "at", "count"),
            rows,
            "(service_id, at) DO UPDATE SET count = excluded.count"
            " WHERE maintenance_trafficsample.count <> excluded.count",
        )
        if written:  # what was learnt before does not know these
            TrafficProfile.objects.filter(service=service).delete()
    return written


def profile(service: Service, *, now: datetime) -> Profile:
    """The service's expected week, learnt from what was known of it by `now`.

    What was learnt once serves until the day is over on the service's clock, or until what it was learnt
    from changes: samples, holidays, critical days, windows that took the service away. The learning ends
    with the last sample, so that traffic that is no longer imported still serves; the profile's `doubts`
    say so. Raises TooLittle with a sentence that says what to do.
    """
    place = Place(
        service.name,
        bank_time.zone_of(service, service.time_zone),
        bank_days.days_of_country(service.country),
    )
    away, marked = _away(service, now), _critical(service, place.country, now)
    basis = _basis(service, place.country, away, marked, now.astimezone(place.zone).date())
    kept = TrafficProfile.objects.filter(service=service).first()
    if kept and kept.basis == basis and kept.learnt_at <= now:
        return storage.unpacked(bytes(kept.content), place)
    learnt = _learnt(service, place, away, marked, now)
    if not kept or kept.learnt_at <= now:  # a look into the past leaves the present alone
        TrafficProfile.objects.update_or_create(
            service=service,
            defaults={"learnt_at": now, "basis": basis, "content": storage.packed(learnt)},
        )
    return learnt


def _learnt(
    service: Service,
    place: Place,
    away: Sequence[tuple[float, float]],
    marked: Sequence[date],
    now: datetime,
) -> Profile:
    known = TrafficSample.objects.filter(service=service, at__lt=now).order_by("at")
    last = known.values_list("at", flat=True).last()
    if last is None:
        raise TooLittle(f"{service} has no traffic on record. {_advice(service)}")
    rows = known.filter(at__gte=last - _LEARNT_FROM).values_list("at", "count")
    samples = np.fromiter(
        ((at.timestamp(), count) for at, count in rows.iterator(chunk_size=10_000)),
        dtype=[("at", float), ("count", float)],
    )
    try:
        return learning.fit(samples["at"], samples["count"], place, now=now, away=away, critical=marked)
    except TooLittle as error:
        raise TooLittle(f"{error} {_advice(service)}") from None


def _away(service: Service, now: datetime) -> list[tuple[float, float]]:
    """When windows kept the service from being used, in seconds since 1970: what came then was no demand."""
    windows = Window.objects.filter(impacts__service=service, started_at__lt=now).order_by("started_at")
    return [
        (started_at.timestamp(), finished_at.timestamp() if finished_at else float("inf"))
        for started_at, finished_at in windows.values_list("started_at", "finished_at")
        if started_at is not None
    ]


def _critical(service: Service, country: bank_days.Country, now: datetime) -> list[date]:
    """The days that are critical for it, from as far back as is learnt to a year ahead."""
    first, last = (now - _LEARNT_FROM).date(), (now + _LOOKED_AHEAD).date()
    named = CriticalDay.objects.filter(Q(services=service) | Q(services__isnull=True)).order_by("pk")
    found: set[date] = set()
    for each in named:
        try:
            found.update(critical_days.critical_dates(each, country, first, last))
        except RecurrenceError as problem:  # the rules say so to whoever asks for a time
            log.warning("the critical day %s is left out: %s", each.pk, problem)
    return sorted(found)


def _basis(
    service: Service,
    country: bank_days.Country,
    away: Sequence[tuple[float, float]],
    marked: Sequence[date],
    day: date,
) -> str:
    """A fingerprint of all that a profile is learnt from, but the samples: keeping those forgets it."""
    facts = (
        storage.FORM,
        service.time_zone,
        country.code,
        sorted(country.changes.items()),
        away,
        marked,
        day,
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _advice(service: Service) -> str:
    return f"Import more of it first: manage.py import_traffic {service.key} FILE"
