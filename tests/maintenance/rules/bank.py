"""A bank with much of everything that can stand against a window."""

from __future__ import annotations

from datetime import date, timedelta

from maintenance.models import (
    Alternative,
    CriticalDay,
    Cutoff,
    Freeze,
    Service,
    StandingWindow,
    SupportCover,
)
from tests.maintenance.rules.asking import END, START
from tests.maintenance.usage import london
from tests.people import service, user, window

NIGHTLY = "FREQ=DAILY"


def fill_a_bank(windows: int = 60) -> list[Service]:
    """Twelve services in three countries, three of them on the last, with freezes, cut-offs and windows."""
    services = [service(f"s{number}") for number in range(12)]
    for number, one in enumerate(services):
        country, zone = (("GB", "Europe/London"), ("SA", "Asia/Riyadh"), ("US", "America/New_York"))[
            number % 3
        ]
        Service.objects.filter(pk=one.pk).update(country=country, time_zone=zone)
        Alternative.objects.create(service=one, instead=services[number - 1], words="Use the other.")
        Cutoff.objects.create(
            service=one,
            kind=Cutoff.Kind.BATCH,
            name="Nightly",
            starts_at=START - timedelta(days=300, hours=4),
            ends_at=START - timedelta(days=300, hours=3),
            recurrence=NIGHTLY,
            working_days_only=bool(number % 2),
        )
    for one in services[:3]:
        one.depends_on.add(services[-1])
    for number in range(6):
        away = timedelta(days=9 * number)
        frozen = Freeze.objects.create(
            name=f"Freeze {number}", starts_at=START + away, ends_at=END + away, recurrence="FREQ=MONTHLY"
        )
        frozen.services.set(services[number : number + 2])
    for number, pattern in enumerate(("last_working_days", "working_day", "day_of_month")):
        CriticalDay.objects.create(name=f"Day {number}", pattern=pattern, number=2 + number, earlier=True)
    for name in ("Hotline", "Chat"):
        begin = london(date(2025, 1, 1), 7)
        SupportCover.objects.create(
            name=name, starts_at=begin, ends_at=begin + timedelta(hours=15), recurrence=NIGHTLY
        )
    StandingWindow.objects.create(
        name="Night", starts_at=START, ends_at=START + timedelta(hours=6), recurrence=NIGHTLY
    ).services.set(services[:2])
    for number in range(windows):
        booked = window(services[number % 12], starts_at=START + number * timedelta(hours=25))
        booked.staff.add(user("ada"))
    return services
