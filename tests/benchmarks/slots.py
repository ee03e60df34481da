"""How long a suggestion 60 days ahead takes, on recorded traffic: medians in milliseconds, printed.

    LULL_SHARED=folder DATABASE_URL=... python3 -m tests.benchmarks.slots [--runs 50] [--hours 2]

Works on the database that DATABASE_URL names, with its tables, and leaves nothing in it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import call_command  # needs Django set up
from django.db import transaction

from maintenance import bank_time, slots, traffic
from maintenance.models import CriticalDay, Freeze, Service
from tests.maintenance.usage import from_file

_SERIES = {
    "nyc_taxi_2014": ("America/New_York", "US"),
    "i94_traffic_2012_2018": ("America/Chicago", "US-MN"),
    "dc_bikeshare_2010_2019": ("America/New_York", "US-DC"),
    "london_bikeshare_2015_2016": ("Europe/London", "GB-ENG"),
}
_LEARNT_FROM = timedelta(days=730)
_AHEAD = timedelta(days=60)


def main() -> None:
    """Keep two years of each series, then ask again and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--hours", type=float, default=2)
    given = parser.parse_args()
    call_command("migrate", verbosity=0)
    print(f"{'series':28}{'read':>9}{'choose':>9}{'suggest':>9}{'a week':>9}   ms, median of {given.runs}")
    for name, (zone, country) in _SERIES.items():
        with _left_as_it_was():
            service, now = _kept(name, zone, country)
            row = _medians([service], now, timedelta(hours=given.hours), given.runs)
            print(f"{name:28}" + "".join(f"{figure:9.1f}" for figure in row))


def _kept(name: str, zone: str, country: str) -> tuple[Service, datetime]:
    """The series as a service, a freeze and a payday, and the moment at which its record ends."""
    service = Service.objects.create(key="benchmark", name=name, time_zone=zone, country=country)
    samples = from_file(Path(os.environ["LULL_SHARED"]) / "data" / f"{name}.csv", ZoneInfo(zone))
    now = samples[-1][0] + timedelta(hours=1)
    traffic.keep_samples(service, [sample for sample in samples if sample[0] > now - _LEARNT_FROM])
    freeze = now + timedelta(days=30)
    Freeze.objects.create(name="Sale", starts_at=freeze, ends_at=freeze + timedelta(days=5))
    pattern = CriticalDay.Pattern.LAST_WORKING_DAYS
    CriticalDay.objects.create(name="Payday", pattern=pattern, number=1)
    return service, now


def _medians(services: list[Service], now: datetime, length: timedelta, runs: int) -> list[float]:
    """Reading what is known; choosing from it, without the database; both; and a week by hours."""
    search = slots.Search(services, end=now + _AHEAD)
    known = slots.slot_context(search, now=now)
    monday = bank_time.bank_day(now) + timedelta(days=7)
    asked: list[Callable[[], object]] = [
        lambda: slots.slot_context(search, now=now),
        lambda: slots.choose(known, length),
        lambda: slots.suggest(search, length, now=now),
        lambda: slots.week_days(known, _monday(monday), length),
    ]
    return [_median(question, runs) for question in asked]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _median(question: Callable[[], object], runs: int) -> float:
    question()
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        question()
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


@contextmanager
def _left_as_it_was() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


if __name__ == "__main__":
    main()
