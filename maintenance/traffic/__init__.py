"""Samples in, to keep; the expected week of a service, learnt from what is kept, out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from django.db import connection, transaction

from maintenance import days, upserts
from maintenance.models import Service, TrafficSample
from maintenance.traffic import learning
from maintenance.traffic.forecast import Load, Profile, TooLittle

__all__ = ["Load", "Profile", "TooLittle", "profile", "record"]

_LEARNT_FROM: Final = timedelta(weeks=53)
"""A year: every holiday once, and no habit that is long gone."""


def record(service: Service, samples: Sequence[tuple[datetime, float]]) -> int:
    """Keep samples (the aware instant at which each begins, its count), all or none; how many.

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
        upserts.write(
            TrafficSample,
            ("service_id", "at", "count"),
            rows,
            "(service_id, at) DO UPDATE SET count = excluded.count"
            " WHERE maintenance_trafficsample.count <> excluded.count",
        )
    return len(samples)


def profile(service: Service, *, now: datetime) -> Profile:
    """Learn the service's week from the last year of its samples before `now`.

    The year ends with its last sample, so that traffic that is no longer imported still serves; the
    profile's `doubts` say so. Raises TooLittle with a sentence that says what to do.
    """
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
        return learning.fit(
            samples["at"],
            samples["count"],
            name=service.name,
            zone=_zone(service),
            country=days.of(service.country),
            now=now,
        )
    except TooLittle as error:
        raise TooLittle(f"{error} {_advice(service)}") from None


def _advice(service: Service) -> str:
    return f"Import more of it first: manage.py import_traffic {service.key} FILE"


def _zone(service: Service) -> ZoneInfo:
    try:
        return ZoneInfo(service.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"{service} has the time zone {service.time_zone!r}, which does not exist: "
            "correct it in the admin to a name like Europe/London."
        ) from None
